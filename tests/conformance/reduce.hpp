#pragma once
#include "support.hpp"

namespace cohort::conformance {

struct sums_of_two {
  template <class S>
  constexpr several<S, 3> operator()(S a, S b) const {
    return {{S(1), a, a * b}};
  }
};
struct sum_where {
  template <class M, class S>
  constexpr S operator()(M m, S i) const {
    return select(m, i, S(0));
  }
};
struct itself {
  template <class S>
  constexpr S operator()(S x) const {
    return x;
  }
};

template <class B>
void reduce_sums_of_two(B& backend, std::ptrdiff_t rows, std::ptrdiff_t columns, order first, order second) {
  using T = value_t<B>;
  placed<B, T> a(backend, integers<T>(rows, columns, 1), first), b(backend, integers<T>(rows, columns, 2), second),
      out(backend, 3, 1);
  backend.reduce(out.out(), sums_of_two{}, a.in(), b.in());
  grid<double> want(3);
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c)
      want(0) += 1, want(1) += double(a(r, c)), want(2) += double(a(r, c)) * double(b(r, c));
  CAPTURE(rows, columns, int(first), int(second));
  REQUIRE(difference(out.now(), want) == "");
}

template <class B>
void reduce(B& backend, tolerances const& tolerance) {
  using T = value_t<B>;
  SECTION("reduce: several sums at once over vectors of any length, also across blocks") {
    for (std::ptrdiff_t n = 0; n <= 49; ++n)
      for (order o : {order::packed, order::every_second, order::one_element})
        reduce_sums_of_two(backend, n, 1, order::packed, o);
    for (std::ptrdiff_t n : {1023, 1024, 1025, 4095, 4096, 4097, 8192, 8197, 40'961, 100'003}) {
      reduce_sums_of_two(backend, n, 1, order::packed, order::packed);
      reduce_sums_of_two(backend, n, 1, order::every_second, order::packed);
    }
  }
  SECTION("reduce: matrices however they lie, broadcast or not") {
    for (auto [rows, columns] : {std::pair(1, 1), {1, 9}, {3, 0}, {0, 5}, {5, 3}, {7, 8}, {37, 35}, {90, 101}})
      for (order first : any_order)
        for (order second : any_order) reduce_sums_of_two(backend, rows, columns, first, second);
  }
  SECTION("reduce: over flags and integers") {
    for (std::ptrdiff_t n : {1, 5, 16, 49, 10'001}) {
      placed<B, std::uint8_t> m(backend, flags(n, 1, 3));
      placed<B, std::int32_t> i(backend, integers<std::int32_t>(n, 1, 4, -100, 100));
      placed<B, T> out(backend, 1, 1);
      backend.reduce(out.out(), sum_where{}, m.in(), i.in());
      grid<double> want(1);
      for (std::ptrdiff_t k = 0; k < n; ++k) want(0) += m(k) ? i(k) : 0;
      REQUIRE(difference(out.now(), want) == "");
    }
  }
  SECTION("reduce: a long sum loses no more than a tree of blocks does") {
    for (auto [low, high] : {std::pair(0., 1.), {-1., 1.}, {1000., 1001.}}) {
      placed<B, T> x(backend, reals<T>(1'000'003, 1, 5, low, high)), out(backend, 1, 1);
      backend.reduce(out.out(), itself{}, x.in());
      long double sum = 0, size = 0;
      for (T v : x.host.values) sum += v, size += std::abs(v);
      CAPTURE(low, high);
      REQUIRE(std::abs(double(out.now()(0) - sum)) <= tolerance.sum * epsilon<T> * double(size));
    }
  }
  SECTION("reduce: what is not a number shows in the sum") {
    placed<B, T> x(backend, 20'000, 1), out(backend, 1, 1);
    backend.reduce(out.out(), itself{}, x.in());
    REQUIRE(std::isnan(out.now()(0)));
  }
}

}  // namespace cohort::conformance
