#pragma once
#include "support.hpp"

namespace cohort::conformance {

/// out[j] = x[0] + ... + x[j], counting only the columns whose flag is set, times the row's factor; last = the number
/// of flags.
struct running_sum {
  int columns;
  template <class X, class M, class I, class Out, class Count>
  constexpr void operator()(X x, M flag, I factor, Out out, Count count) const {
    using S = typename X::scalar;
    S sum = 0, set = 0;
    for (int j = 0; j < columns; ++j) {
      sum += select(flag[j], x[j], S(0));
      set += select(flag[j], S(1), S(0));
      out.set(j, sum * factor[0]);
    }
    count.set(0, set);
  }
};
/// Writes a row and reads it again.
struct reversed {
  int columns;
  template <class X>
  constexpr void operator()(X x) const {
    using S = typename X::scalar;
    for (int j = 0; j < columns / 2; ++j) {
      S left = x[j], right = x[columns - 1 - j];
      x.set(j, right);
      x.set(columns - 1 - j, left);
    }
    for (int j = 1; j < columns; ++j) x.set(j, x[j] + x[j - 1]);
  }
};

template <class B>
void map_rows(B& backend) {
  using T = value_t<B>;
  SECTION("map_rows: numbers, flags and integers in, numbers and integers out, any number of rows") {
    for (std::ptrdiff_t n = 0; n <= 49; ++n)
      for (int columns : {1, 2, 5})
        for (order in : any_order)
          for (order out : {order::packed, order::transposed_padded}) {
            placed<B, T> x(backend, integers<T>(n, columns, 1), in), sums(backend, n, columns, out);
            placed<B, std::uint8_t> flag(backend, flags(n, columns, 2), in);
            placed<B, std::int32_t> factor(backend, integers<std::int32_t>(n, 1, 3), in), count(backend, n, 1, out);
            backend.map_rows(n, running_sum{columns}, x.in(), flag.in(), factor.in(), sums.out(), count.out());
            grid<double> want_sums(n, columns), want_count(n);
            for (std::ptrdiff_t r = 0; r < n; ++r) {
              double sum = 0;
              for (int j = 0; j < columns; ++j) {
                sum += flag(r, j) ? double(x(r, j)) : 0;
                want_count(r) += flag(r, j) ? 1 : 0;
                want_sums(r, j) = sum * factor(r);
              }
            }
            CAPTURE(n, columns, int(in), int(out));
            REQUIRE(difference(sums.now(), want_sums) == "");
            REQUIRE(difference(count.now(), want_count) == "");
          }
  }
  SECTION("map_rows: what a formula has written to a row it reads again") {
    for (std::ptrdiff_t n : {1, 6, 8, 21, 5000})
      for (order o : writable) {
        placed<B, T> x(backend, integers<T>(n, 4, 4), o);
        backend.map_rows(n, reversed{4}, x.out());
        grid<double> want(n, 4);
        for (std::ptrdiff_t r = 0; r < n; ++r)
          for (int j = 0; j < 4; ++j) want(r, j) = double(x(r, 3 - j)) + (j == 0 ? 0 : want(r, j - 1));
        REQUIRE(difference(x.now(), want) == "");
      }
  }
}

}  // namespace cohort::conformance
