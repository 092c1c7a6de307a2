#pragma once
#include "support.hpp"

namespace cohort::conformance {

template <class B, class U>
void gather_one(B& backend, grid<U> const& from, std::ptrdiff_t rows, order in_order, order index_order,
                order out_order) {
  placed<B, U> in(backend, from, in_order), out(backend, rows, from.columns, out_order);
  placed<B, std::int32_t> index(backend, integers<std::int32_t>(rows, 1, 1, 0, int(from.rows) - 1), index_order);
  backend.gather(out.out(), in.in(), index.in());
  grid<double> want(rows, from.columns);
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < from.columns; ++c) want(r, c) = double(in(index(r), c));
  CAPTURE(rows, from.columns, int(in_order), int(index_order), int(out_order));
  REQUIRE(difference(out.now(), want) == "");
}

/// Rows of `from` written to rows of another matrix, no two to the same; the other rows stay as they are.
template <class B, class U>
void scatter_one(B& backend, grid<U> const& from, grid<U> const& before, order in_order, order index_order,
                 order out_order) {
  std::ptrdiff_t rows = from.rows, all = before.rows;
  placed<B, U> in(backend, from, in_order), out(backend, before, out_order);
  grid<std::int32_t> places(rows);
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    places(r) = std::int32_t((r * 7 + 5) % all);  // 7 and `all` have no divisor in common
  placed<B, std::int32_t> index(backend, places, index_order);
  backend.scatter(out.out(), in.in(), index.in());
  grid<U> want = before;
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < from.columns; ++c) want(places(r), c) = in(r, c);
  CAPTURE(rows, all, from.columns, int(in_order), int(index_order), int(out_order));
  REQUIRE(difference(out.now(), want) == "");
}

template <class B>
void gather(B& backend) {
  using T = value_t<B>;
  SECTION("gather: whole rows of numbers, integers or flags, some of them repeatedly") {
    for (std::ptrdiff_t rows : {0, 1, 3, 8, 50})
      for (std::ptrdiff_t columns : {1, 2, 4, 7, 8, 19})
        for (order in : any_order)
          for (order out : writable) {
            gather_one(backend, reals<T>(11, columns, 2), rows, in, order::packed, out);
            gather_one(backend, integers<std::int32_t>(11, columns, 3), rows, in, order::every_second, out);
            gather_one(backend, flags(11, columns, 4), rows, in, order::packed, out);
          }
    gather_one(backend, reals<T>(2000, 4, 5), 30'000, order::packed, order::packed, order::packed);
    gather_one(backend, reals<T>(2000, 1, 6), 60'000, order::packed, order::packed, order::packed);
  }
  SECTION("gather and scatter_add: indices that stay the same for some rows, as those of series' steps do") {
    for (std::ptrdiff_t run : {1, 3, 7, 8, 9, 16, 40}) {
      constexpr std::ptrdiff_t rows = 501;
      grid<std::int32_t> runs(rows, 1);
      for (std::ptrdiff_t r = 0; r < rows; ++r) runs(r) = std::int32_t(r / run * 7 % 11);
      placed<B, std::int32_t> index(backend, runs);
      placed<B, T> each(backend, integers<T>(rows, 1, 7)), sums(backend, integers<T>(11, 1, 8)),
          out(backend, grid<T>(rows, 1));
      grid<double> want(11, 1), found(rows, 1);
      for (std::ptrdiff_t n = 0; n < 11; ++n) want(n) = double(sums(n));
      for (std::ptrdiff_t r = 0; r < rows; ++r) want(index(r)) += double(each(r)), found(r) = double(sums(index(r)));
      backend.gather(out.out(), sums.in(), index.in());
      backend.scatter_add(sums.out(), each.in(), index.in());
      CAPTURE(run);
      REQUIRE(difference(out.now(), found) == "");
      REQUIRE(difference(sums.now(), want) == "");
    }
  }
  SECTION("scatter_add: rows added to where their index says, some of them to the same row") {
    for (std::ptrdiff_t rows : {0, 1, 3, 8, 50, 4000})
      for (std::ptrdiff_t columns : {1, 2, 8, 19})
        for (order in : any_order)
          for (order o : writable) {
            placed<B, T> from(backend, integers<T>(rows, columns, 7), in), to(backend, integers<T>(11, columns, 8), o);
            placed<B, std::int32_t> index(backend, integers<std::int32_t>(rows, 1, 9, 0, 10));
            backend.scatter_add(to.out(), from.in(), index.in());
            grid<double> want(11, columns);
            for (std::ptrdiff_t r = 0; r < 11; ++r)
              for (std::ptrdiff_t c = 0; c < columns; ++c) want(r, c) = double(to(r, c));
            for (std::ptrdiff_t r = 0; r < rows; ++r)
              for (std::ptrdiff_t c = 0; c < columns; ++c) want(index(r), c) += double(from(r, c));
            CAPTURE(rows, columns, int(in), int(o));
            REQUIRE(difference(to.now(), want) == "");
          }
  }
  SECTION("scatter: whole rows of numbers, integers or flags, each to a row of its own") {
    for (std::ptrdiff_t rows : {0, 1, 3, 8, 50})
      for (std::ptrdiff_t columns : {1, 2, 8, 19})
        for (order in : any_order)
          for (order out : writable) {
            scatter_one(backend, reals<T>(rows, columns, 2), reals<T>(53, columns, 3), in, order::packed, out);
            scatter_one(backend, integers<std::int32_t>(rows, columns, 4), integers<std::int32_t>(53, columns, 5), in,
                        order::every_second, out);
            scatter_one(backend, flags(rows, columns, 6), flags(53, columns, 7), in, order::packed, out);
          }
    scatter_one(backend, reals<T>(3000, 5, 8), reals<T>(4001, 5, 9), order::packed, order::packed, order::packed);
  }
}

}  // namespace cohort::conformance
