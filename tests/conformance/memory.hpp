#pragma once
#include "support.hpp"

namespace cohort::conformance {

struct constant_of {
  double value;
  template <class S>
  constexpr S operator()(S) const {
    return S(value);
  }
};

/// The draw number c of a lane, from Philox's words alone.
template <class T>
T expected_uniform(stream_id s, std::uint32_t lane, std::uint32_t c) {
  auto block = [&](std::uint32_t b) {
    return philox4x32::block({b, lane, s.step, std::uint32_t(s.use)},
                             {std::uint32_t(s.seed), std::uint32_t(s.seed >> 32)});
  };
  if constexpr (sizeof(T) == 4) return (T(block(c / 4)[c % 4] >> 9) + T(.5)) / T(1 << 23);
  auto words = block(c / 2);
  std::uint64_t bits = std::uint64_t(words[c % 2 * 2]) << 32 | words[c % 2 * 2 + 1];
  return T((double(bits >> 12) + .5) / 4503599627370496.);
}

template <class B>
void memory(B& backend) {
  using T = value_t<B>;
  SECTION("upload and download: what goes up comes down, whole or through any view, row by row") {
    for (auto [rows, columns] : {std::pair(0, 1), {1, 1}, {5, 1}, {3, 0}, {4, 7}})
      for (order o : any_order) {
        placed<B, T> x(backend, reals<T>(rows, columns, 1), o);
        placed<B, std::int32_t> i(backend, integers<std::int32_t>(rows, columns, 2), o);
        placed<B, std::uint8_t> m(backend, flags(rows, columns, 3), o);
        grid<T> got(rows, columns);
        grid<std::int32_t> got_i(rows, columns);
        grid<std::uint8_t> got_m(rows, columns);
        backend.download(std::span<T>(got.values), x.in());
        backend.download(std::span<std::int32_t>(got_i.values), i.in());
        backend.download(std::span<std::uint8_t>(got_m.values), m.in());
        REQUIRE(difference(got, x.host) == "");
        REQUIRE(difference(got_i, i.host) == "");
        REQUIRE(difference(got_m, m.host) == "");
      }
  }
  SECTION("uniform: exactly Philox's words, in any shape and from any first lane") {
    for (stream_id s : {stream_id{0, draw_purpose::action, 0}, {0x123456789abcdefu, draw_purpose::probe, 77}})
      for (std::uint32_t first_lane : {0u, 5u, 1'000'000u})
        for (auto [rows, columns] : {std::pair(0, 3), {1, 1}, {3, 2}, {2, 0}, {17, 9}, {300, 4}, {2100, 3}})
          for (order o : writable) {
            placed<B, T> out(backend, rows, columns, o);
            backend.uniform(out.out(), s, first_lane);
            grid<T> want(rows, columns);
            for (std::ptrdiff_t r = 0; r < rows; ++r)
              for (std::ptrdiff_t c = 0; c < columns; ++c)
                want(r, c) = expected_uniform<T>(s, first_lane + std::uint32_t(r), std::uint32_t(c));
            REQUIRE(difference(out.now(), want) == "");
          }
  }
  SECTION(
      "temporary: two that live at once do not overlap, and memory that is used again is as large as it was asked to "
      "be") {
    auto fill = [&](view<T> v, double value) { backend.map(outputs{v}, constant_of{value}, view<T const>(v)); };
    auto holds = [&](view<T> v, double value) {
      grid<T> got(v.rows);
      backend.download(std::span<T>(got.values), view<T const>(v));
      for (T x : got.values) REQUIRE(double(x) == value);
    };
    for (int pass = 0; pass < 3; ++pass)
      for (std::ptrdiff_t n : {1, 1000, 3, 5000, 0}) {
        auto a = backend.template temporary<T>(n);
        REQUIRE(a.all().rows == n);
        fill(a.all(), 1);
        {
          auto b = backend.template temporary<T>(2 * n + 1);
          auto flags = backend.template temporary<std::uint8_t>(n);
          auto numbers = backend.template temporary<std::int32_t>(n);
          REQUIRE(b.matrix(2 * n + 1, 1).rows == 2 * n + 1);
          fill(b.all(), 2);
          backend.map(outputs{flags.all()}, constant_of{3}, view<T const>(a.all()));
          backend.map(outputs{numbers.all()}, constant_of{4}, view<T const>(a.all()));
          holds(a.all(), 1);
          holds(b.all(), 2);
        }
        auto c = backend.template temporary<T>(n + 7);
        fill(c.all(), 5);
        holds(a.all(), 1);
        holds(c.all(), 5);
      }
  }
}

}  // namespace cohort::conformance
