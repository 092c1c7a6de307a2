#pragma once
#include "reduce.hpp"

namespace cohort::conformance {

/// Rows of reals of which the fourth holds a NaN, the fifth nothing but -inf, the sixth an inf, and the others some
/// -inf.
template <class T>
grid<T> rows_with_edges(std::ptrdiff_t rows, std::ptrdiff_t columns) {
  constexpr T infinite = std::numeric_limits<T>::infinity();
  auto g = reals<T>(rows, columns, 1, -9, -1);
  for (std::ptrdiff_t r = 0; r < rows && columns > 0; ++r) {
    for (std::ptrdiff_t c = r % 3; c < columns - 1; c += 3) g(r, c) = -infinite;
    if (r == 3) g(r, (columns - 1) / 2) = std::numeric_limits<T>::quiet_NaN();
    for (std::ptrdiff_t c = 0; r == 4 && c < columns; ++c) g(r, c) = -infinite;
    if (r == 5) g(r, columns / 2) = infinite;
  }
  return g;
}

template <class B>
void row_max_one(B& backend, std::ptrdiff_t rows, std::ptrdiff_t columns, order in_order, order out_order) {
  using T = value_t<B>;
  placed<B, T> in(backend, rows_with_edges<T>(rows, columns), in_order), out(backend, rows, 1, out_order);
  backend.row_max(out.out(), in.in());
  grid<double> want(rows);
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    want(r) = -INFINITY;
    for (std::ptrdiff_t c = 0; c < columns; ++c)
      if (double x = double(in(r, c)); x > want(r) || x != x) want(r) = x;
  }
  CAPTURE(rows, columns, int(in_order), int(out_order));
  REQUIRE(difference(out.now(), want) == "");
}

/// The second argument is one column for all, the third one row for all.
struct three_terms {
  template <class S>
  constexpr several<S, 2> operator()(S x, S of_row, S of_column) const {
    return {{x * of_row, x + of_column}};
  }
};

template <class B>
void row_sums_one(B& backend, std::ptrdiff_t rows, std::ptrdiff_t columns, order in_order, order out_order) {
  using T = value_t<B>;
  placed<B, T> x(backend, integers<T>(rows, columns, 2), in_order),
      of_row(backend, integers<T>(rows, columns, 3), order::columns_repeat),
      of_column(backend, integers<T>(rows, columns, 4), order::rows_repeat), two(backend, rows, 2, out_order),
      one(backend, rows, 1, out_order);
  backend.row_sums(two.out(), three_terms{}, x.in(), of_row.in(), of_column.in());
  backend.row_sums(one.out(), itself{}, x.in());
  grid<double> want(rows, 2), want_one(rows);
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c) {
      want(r, 0) += double(x(r, c)) * double(of_row(r, c));
      want(r, 1) += double(x(r, c)) + double(of_column(r, c));
      want_one(r) += double(x(r, c));
    }
  CAPTURE(rows, columns, int(in_order), int(out_order));
  REQUIRE(difference(two.now(), want) == "");
  REQUIRE(difference(one.now(), want_one) == "");
}

template <class B>
void row_results(B& backend, tolerances const& tolerance) {
  using T = value_t<B>;
  std::pair<std::ptrdiff_t, std::ptrdiff_t> const shapes[] = {{0, 3},  {1, 1},  {7, 1},    {7, 2},   {6, 5},
                                                              {9, 16}, {8, 33}, {203, 37}, {7, 1031}};
  SECTION("row_max: -inf where nothing else is, NaN where there is one, however the rows lie") {
    for (auto [rows, columns] : shapes)
      for (order in : any_order)
        for (order out : writable) row_max_one(backend, rows, columns, in, out);
    row_max_one(backend, 3, 0, order::packed, order::packed);
    row_max_one(backend, 11, 30'011, order::packed, order::packed);
  }
  SECTION("row_sums: several sums of each row, with a number for each row and one for each column") {
    for (auto [rows, columns] : shapes)
      for (order in : any_order)
        for (order out : writable) row_sums_one(backend, rows, columns, in, out);
    row_sums_one(backend, 3, 0, order::packed, order::packed);
    row_sums_one(backend, 11, 30'011, order::packed, order::packed);
  }
  SECTION("row_sums: rows as long as a vocabulary keep their digits, and what is not a number stays in its row") {
    auto numbers = reals<T>(5, 50'021, 5, 0, 1);
    numbers(3, 17) = std::numeric_limits<T>::quiet_NaN();
    placed<B, T> x(backend, numbers), out(backend, 5, 1);
    backend.row_sums(out.out(), itself{}, x.in());
    grid<double> want(5);
    for (std::ptrdiff_t r = 0; r < 5; ++r) {
      long double sum = 0;
      for (std::ptrdiff_t c = 0; c < x.columns(); ++c) sum += x(r, c);
      want(r) = double(sum);
    }
    // A backend may add a row in as few chains as a vector has elements: hundreds of roundings, and few of them one
    // way.
    REQUIRE(difference(out.now(), want, 8 * tolerance.sum * epsilon<T>) == "");
  }
}

}  // namespace cohort::conformance
