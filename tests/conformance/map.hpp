#pragma once
#include "support.hpp"

namespace cohort::conformance {

// Formulas are named structs throughout: only such can be handed to a kernel on every device.
struct three_results {
  template <class S>
  constexpr several<S, 3> operator()(S a, S b, S c) const {
    return {{a + b * c, select(a < b, a, c), -a}};
  }
};
struct masked {
  template <class S, class M>
  constexpr S operator()(S x, M m) const {
    return select(m, x, S(-100));
  }
};
struct index_and_flag {
  template <class S>
  constexpr several<S, 2> operator()(S x, S i) const {
    return {{x + 2 * i, select(x < i, S(1), S(0))}};
  }
};
struct swapped {
  template <class S>
  constexpr several<S, 2> operator()(S a, S b) const {
    return {{b, a}};
  }
};
struct four_functions {
  template <class S>
  constexpr several<S, 4> operator()(S x, S positive) const {
    return {{exp(x), log(positive), tanh(x), sqrt(positive)}};
  }
};
struct fusable {
  template <class S>
  constexpr S operator()(S a, S b, S c) const {
    return exp(a * b + c * c) * a - b * c;
  }
};

template <class B>
void map_three_results(B& backend, std::ptrdiff_t rows, std::ptrdiff_t columns, order first, order second, order third,
                       order out) {
  using T = value_t<B>;
  placed<B, T> a(backend, integers<T>(rows, columns, 1), first), b(backend, integers<T>(rows, columns, 2), second),
      c(backend, integers<T>(rows, columns, 3), third);
  placed<B, T> sum(backend, rows, columns, out), least(backend, rows, columns, order::padded),
      minus(backend, rows, columns, out);
  backend.map(outputs{sum.out(), least.out(), minus.out()}, three_results{}, a.in(), b.in(), c.in());
  grid<double> want_sum(rows, columns), want_least(rows, columns), want_minus(rows, columns);
  for (std::ptrdiff_t i = 0; i < rows; ++i)
    for (std::ptrdiff_t j = 0; j < columns; ++j) {
      want_sum(i, j) = double(a(i, j)) + double(b(i, j)) * double(c(i, j));
      want_least(i, j) = a(i, j) < b(i, j) ? double(a(i, j)) : double(c(i, j));
      want_minus(i, j) = -double(a(i, j));
    }
  CAPTURE(rows, columns, int(first), int(second), int(third), int(out));
  REQUIRE(difference(sum.now(), want_sum) == "");
  REQUIRE(difference(least.now(), want_least) == "");
  REQUIRE(difference(minus.now(), want_minus) == "");
}

template <class B>
void map(B& backend, tolerances const& tolerance) {
  using T = value_t<B>;
  SECTION("map: vectors of every length up to three of the widest packs and a bit") {
    for (std::ptrdiff_t n = 0; n <= 3 * 16 + 1; ++n) {
      map_three_results(backend, n, 1, order::packed, order::packed, order::packed, order::packed);
      map_three_results(backend, n, 1, order::every_second, order::packed, order::one_element, order::every_second);
    }
    map_three_results(backend, 100'003, 1, order::packed, order::rows_repeat, order::packed, order::packed);
  }
  SECTION("map: matrices however they lie, their inputs broadcast along rows, columns or both") {
    for (auto [rows, columns] : {std::pair(1, 1), {1, 9}, {3, 0}, {0, 5}, {5, 3}, {7, 8}, {2, 17}, {37, 35}})
      for (order in : any_order)
        for (order out : writable) {
          map_three_results(backend, rows, columns, in, order::packed, order::packed, out);
          map_three_results(backend, rows, columns, order::padded, in, order::one_element, out);
          map_three_results(backend, rows, columns, in, in, in, out);
        }
    map_three_results(backend, 301, 303, order::transposed, order::padded, order::rows_repeat, order::packed);
  }
  SECTION("map: bytes are flags, and any byte but 0 is set") {
    for (std::ptrdiff_t n = 0; n <= 49; ++n)
      for (order o : {order::packed, order::every_second, order::one_element}) {
        placed<B, T> x(backend, integers<T>(n, 1, 4)), out(backend, n, 1);
        placed<B, std::uint8_t> m(backend, flags(n, 1, 5), o);
        backend.map(outputs{out.out()}, masked{}, x.in(), m.in());
        grid<double> want(n);
        for (std::ptrdiff_t i = 0; i < n; ++i) want(i) = m(i) ? double(x(i)) : -100;
        REQUIRE(difference(out.now(), want) == "");
      }
  }
  SECTION("map: int32 is read as a number, and integers and bytes can be written") {
    for (std::ptrdiff_t n = 0; n <= 49; ++n)
      for (order o : {order::packed, order::every_second}) {
        placed<B, T> x(backend, integers<T>(n, 1, 6));
        placed<B, std::int32_t> i(backend, integers<std::int32_t>(n, 1, 7, -1000, 1000), o), sum(backend, n, 1, o);
        placed<B, std::uint8_t> less(backend, n, 1, o);
        backend.map(outputs{sum.out(), less.out()}, index_and_flag{}, x.in(), i.in());
        grid<double> want_sum(n), want_less(n);
        for (std::ptrdiff_t k = 0; k < n; ++k)
          want_sum(k) = double(x(k)) + 2 * i(k), want_less(k) = double(x(k)) < i(k);
        REQUIRE(difference(sum.now(), want_sum) == "");
        REQUIRE(difference(less.now(), want_less) == "");
      }
  }
  SECTION("map: all inputs of an element are read before its outputs are written, so two arrays can be swapped") {
    for (std::ptrdiff_t n : {1, 7, 16, 49, 40'001})
      for (order o : writable) {
        placed<B, T> a(backend, reals<T>(n, 1, 8), o), b(backend, reals<T>(n, 1, 9), o);
        backend.map(outputs{a.out(), b.out()}, swapped{}, a.in(), b.in());
        REQUIRE(difference(a.now(), b.host) == "");
        REQUIRE(difference(b.now(), a.host) == "");
      }
  }
  SECTION("map: exp, log, tanh and sqrt are those of double") {
    std::ptrdiff_t n = 5003;
    placed<B, T> x(backend, reals<T>(n, 1, 10, -12, 12)), p(backend, reals<T>(n, 1, 11, 1e-3, 30)), out(backend, n, 4);
    auto column = [&](int k) { return out.out().column(k); };
    backend.map(outputs{column(0), column(1), column(2), column(3)}, four_functions{}, x.in(), p.in());
    grid<double> want(n, 4);
    for (std::ptrdiff_t i = 0; i < n; ++i)
      want(i, 0) = std::exp(double(x(i))), want(i, 1) = std::log(double(p(i))), want(i, 2) = std::tanh(double(x(i))),
              want(i, 3) = std::sqrt(double(p(i)));
    REQUIRE(difference(out.now(), want, tolerance.function * epsilon<T>) == "");
  }
  SECTION("map: an element has the same bits whatever stands beside it and wherever it stands") {
    std::ptrdiff_t n = 83;
    placed<B, T> a(backend, reals<T>(n, 1, 12)), b(backend, reals<T>(n, 1, 13)), c(backend, reals<T>(n, 1, 14)),
        all(backend, n, 1);
    backend.map(outputs{all.out()}, fusable{}, a.in(), b.in(), c.in());
    auto want = all.now();
    for (std::ptrdiff_t first = 0; first < 20; ++first)
      for (std::ptrdiff_t count = 1; first + count <= n; count += 1 + first) {
        placed<B, T> out(backend, n, 1);
        auto part = [&](auto v) { return v.part(first, count); };
        backend.map(outputs{part(out.out())}, fusable{}, part(a.in()), part(b.in()), part(c.in()));
        auto got = out.now();
        for (std::ptrdiff_t i = first; i < first + count; ++i) REQUIRE(got(i) == want(i));
      }
  }
}

}  // namespace cohort::conformance
