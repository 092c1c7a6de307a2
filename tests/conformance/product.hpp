#pragma once
#include "support.hpp"

namespace cohort::conformance {

struct at_least_zero {
  template <class S>
  constexpr S operator()(S x) const {
    return max(S(0), x);
  }
};

struct extents {
  std::ptrdiff_t M, K, N;
};

template <class B>
void matmul_one(B& backend, extents e, order a_order, order b_order, order c_order, bool accumulate) {
  using T = value_t<B>;
  placed<B, T> a(backend, integers<T>(e.M, e.K, 1), a_order), b(backend, integers<T>(e.K, e.N, 2), b_order),
      c(backend, integers<T>(e.M, e.N, 3), c_order);
  backend.matmul(c.out(), a.in(), b.in(), accumulate);
  auto want = product_of(a.host, b.host);
  for (std::size_t i = 0; accumulate && i < want.values.size(); ++i) want.values[i] += double(c.host.values[i]);
  CAPTURE(e.M, e.K, e.N, int(a_order), int(b_order), int(c_order), accumulate);
  REQUIRE(difference(c.now(), want) == "");
}

/// Products of several numbers of rows with a right factor that was prepared once, and with one that was not.
template <class B>
void matmul_prepared_one(B& backend, extents e, order b_order, order c_order, bool accumulate) {
  using T = value_t<B>;
  placed<B, T> b(backend, integers<T>(e.K, e.N, 2), b_order);
  typename B::template array<T> room;
  typename B::factor factor = backend.prepare(room, b.in()), plain = b.in();
  REQUIRE((factor.matrix.rows == e.K && factor.matrix.columns == e.N));
  for (std::ptrdiff_t M : {e.M, std::ptrdiff_t(1), e.M + 6}) {
    placed<B, T> a(backend, integers<T>(M, e.K, 1), order::padded), c(backend, integers<T>(M, e.N, 3), c_order),
        d(backend, c.host, c_order);
    backend.matmul_prepared(c.out(), a.in(), factor, accumulate);
    backend.matmul_prepared(d.out(), a.in(), plain, accumulate);
    auto want = product_of(a.host, b.host);
    for (std::size_t i = 0; accumulate && i < want.values.size(); ++i) want.values[i] += double(c.host.values[i]);
    CAPTURE(M, e.K, e.N, int(b_order), int(c_order), accumulate);
    REQUIRE(difference(c.now(), want) == "");
    REQUIRE(difference(d.now(), want) == "");
  }
}

template <class B>
void dense_one(B& backend, extents e, order x_order, order weight_order, order out_order) {
  using T = value_t<B>;
  placed<B, T> x(backend, integers<T>(e.M, e.K, 1), x_order), weight(backend, integers<T>(e.K, e.N, 2), weight_order),
      bias(backend, integers<T>(1, e.N, 3)), out(backend, e.M, e.N, out_order);
  backend.dense(out.out(), x.in(), weight.in(), bias.in(), at_least_zero{});
  auto want = product_of(x.host, weight.host);
  for (std::ptrdiff_t r = 0; r < e.M; ++r)
    for (std::ptrdiff_t c = 0; c < e.N; ++c) want(r, c) = std::max(0., want(r, c) + double(bias(0, c)));
  CAPTURE(e.M, e.K, e.N, int(x_order), int(weight_order), int(out_order));
  REQUIRE(difference(out.now(), want) == "");
}

// Sides around the sizes of registers and tiles, none, and one.
inline constexpr extents small_products[] = {
    {0, 3, 4},    {3, 0, 4},   {3, 4, 0},  {0, 0, 0},   {1, 1, 1},   {1, 5, 1},    {5, 1, 1},
    {1, 1, 5},    {2, 3, 4},   {7, 7, 7},  {8, 8, 8},   {9, 10, 17}, {6, 4, 16},   {12, 16, 32},
    {13, 33, 15}, {31, 5, 24}, {17, 2, 3}, {25, 40, 8}, {64, 64, 2}, {64, 64, 64}, {65, 63, 67}};
// A right factor of more than 2^17 elements, also with few rows.
inline constexpr extents large_products[] = {{197, 370, 373}, {16, 512, 264}, {400, 140, 1000}, {15, 370, 373}};

template <class B>
void product(B& backend, tolerances const& tolerance) {
  using T = value_t<B>;
  SECTION(
      "matmul: factors and products packed, padded, transposed or strided, written or added to, of any small size") {
    for (auto e : small_products)
      for (order a : any_order)
        for (order b : writable)
          for (order c : writable)
            for (bool accumulate : {false, true}) matmul_one(backend, e, a, b, c, accumulate);
  }
  SECTION("matmul: large products, with factors and products however they lie") {
    for (auto e : large_products)
      for (bool accumulate : {false, true})
        matmul_one(backend, e, order::packed, order::packed, order::packed, accumulate);
    for (order o : writable) {
      matmul_one(backend, large_products[0], o, order::packed, order::packed, true);
      matmul_one(backend, large_products[0], order::packed, o, order::packed, false);
      matmul_one(backend, large_products[0], order::packed, order::packed, o, true);
      matmul_one(backend, large_products[0], o, o, o, false);
    }
  }
  SECTION("matmul: sums of products of real numbers keep their digits") {
    for (extents e : {extents{37, 64, 29}, {200, 400, 350}}) {
      placed<B, T> a(backend, reals<T>(e.M, e.K, 4)), b(backend, reals<T>(e.K, e.N, 5)), c(backend, e.M, e.N);
      backend.matmul(c.out(), a.in(), b.in());
      REQUIRE(difference(c.now(), product_of(a.host, b.host), 0, tolerance.product * epsilon<T> * double(e.K)) == "");
    }
  }
  SECTION("matmul_prepared: a right factor prepared or not, small and large, however it lies") {
    for (auto e : small_products)
      for (order b : writable)
        for (order c : writable)
          for (bool accumulate : {false, true}) matmul_prepared_one(backend, e, b, c, accumulate);
    for (auto e : large_products)
      for (order b : {order::packed, order::transposed}) matmul_prepared_one(backend, e, b, order::packed, true);
  }
  SECTION("dense: an activation of the product plus a bias, small and large, however the matrices lie") {
    for (auto e : small_products)
      for (order x : any_order)
        for (order weight : writable)
          for (order out : writable) dense_one(backend, e, x, weight, out);
    for (auto e : large_products) dense_one(backend, e, order::packed, order::packed, order::packed);
    for (order o : writable) dense_one(backend, large_products[0], o, order::transposed, o);
  }
  SECTION("column_sum: of every column, whatever their number and however they lie") {
    for (std::ptrdiff_t rows : {0, 1, 2, 9, 130})
      for (std::ptrdiff_t columns : {0, 1, 2, 4, 7, 8, 9, 16, 17, 31, 64})
        for (order in : any_order)
          for (order out : {order::packed, order::every_second}) {
            placed<B, T> x(backend, integers<T>(rows, columns, 6), in), sums(backend, 1, columns, out);
            backend.column_sum(sums.out(), x.in());
            grid<double> want(1, columns);
            for (std::ptrdiff_t r = 0; r < rows; ++r)
              for (std::ptrdiff_t c = 0; c < columns; ++c) want(0, c) += double(x(r, c));
            CAPTURE(rows, columns, int(in), int(out));
            REQUIRE(difference(sums.now(), want) == "");
          }
  }
  SECTION("map_column_sum: what map gives, in place too, and the sums of its columns") {
    for (std::ptrdiff_t rows : {0, 1, 9, 130})
      for (std::ptrdiff_t columns : {1, 4, 7, 16, 31, 64, 600})
        for (order in : any_order)
          for (order out : {order::packed, order::every_second}) {
            placed<B, T> x(backend, integers<T>(rows, columns, 6), in), y(backend, integers<T>(rows, columns, 7), out),
                sums(backend, 1, columns, out);
            grid<double> want(rows, columns), total(1, columns);
            for (std::ptrdiff_t r = 0; r < rows; ++r)
              for (std::ptrdiff_t c = 0; c < columns; ++c)
                total(0, c) += want(r, c) = double(x(r, c)) * double(y(r, c));
            backend.map_column_sum(y.out(), sums.out(), detail::times{}, x.in(), y.in());
            CAPTURE(rows, columns, int(in), int(out));
            REQUIRE(difference(y.now(), want) == "");
            REQUIRE(difference(sums.now(), total) == "");
          }
  }
}

}  // namespace cohort::conformance
