#pragma once
#include "support.hpp"

namespace cohort::conformance {

/// Exact for small integers, of either direction only by its order: the carry is subtracted, and a flag cuts it off.
struct cut_difference {
  template <class S, class M>
  constexpr S operator()(S carry, S x, M flag) const {
    return select(flag, x, x - carry);
  }
};
/// The same, and two more numbers of each step; the second of the three knows the carry that came to it.
struct cut_difference_and_more {
  static constexpr bool affine = true;
  template <class S, class M>
  constexpr several<S, 3> operator()(S carry, S x, M flag) const {
    S next = cut_difference{}(carry, x, flag);
    return {{next, x + 2 * carry, x}};
  }
};
struct decaying {
  template <class S>
  constexpr S operator()(S carry, S x) const {
    return x + .9 * carry;
  }
};

/// Series that a test lays out: their first steps, lengths and the stride within.
struct layout {
  std::ptrdiff_t steps = 0, longest = 0, stride = 1;
  std::vector<std::ptrdiff_t> first, length;
  std::ptrdiff_t count() const { return std::ptrdiff_t(first.size()); }

  static layout lanes(std::ptrdiff_t T, std::ptrdiff_t N) {
    layout l{T * N, T, N, {}, {}};
    for (std::ptrdiff_t n = 0; n < N; ++n) l.first.push_back(n), l.length.push_back(T);
    return l;
  }
  static layout segments(std::vector<std::ptrdiff_t> lengths) {
    layout l;
    for (auto length : lengths) {
      l.first.push_back(l.steps);
      l.steps += length;
      l.longest = std::max(l.longest, length);
    }
    l.length = std::move(lengths);
    return l;
  }
  /// N lengths from 0 to `most`, among them 0.
  static layout ragged(std::ptrdiff_t N, int most, std::uint32_t which) {
    std::vector<std::ptrdiff_t> lengths;
    for (int x : integers<int>(N, 1, which, 0, most).values) lengths.push_back(x);
    if (N > 1) lengths[std::size_t(N / 2)] = 0;
    return segments(lengths);
  }
};

/// The same for a backend; the offsets of segments live in its memory.
template <class B>
struct placed_series {
  typename B::template array<std::int32_t> offsets;
  partition s;

  placed_series(B& backend, layout const& l, bool lanes) {
    if (lanes) {
      s = partition::lanes(l.longest, l.count());
      return;
    }
    std::vector<std::int32_t> all;
    for (auto f : l.first) all.push_back(std::int32_t(f));
    all.push_back(std::int32_t(l.steps));
    backend.assign(offsets, std::span<std::int32_t const>(all));
    s = partition::segments(offsets.all(), l.steps, l.longest);
  }
};

template <class B>
void scan_one(B& backend, layout const& l, bool lanes, direction d, order first, order second, order out) {
  using T = value_t<B>;
  placed_series<B> s(backend, l, lanes);
  placed<B, T> x(backend, integers<T>(l.steps, 1, 1), first), result(backend, l.steps, 1, out);
  placed<B, std::uint8_t> flag(backend, flags(l.steps, 1, 2), second);
  backend.scan(s.s, d, cut_difference{}, 5, result.out(), x.in(), flag.in());
  grid<double> want(l.steps);
  for (std::ptrdiff_t n = 0; n < l.count(); ++n) {
    double carry = 5;
    for (std::ptrdiff_t k = 0; k < l.length[n]; ++k) {
      std::ptrdiff_t t = d == direction::forward ? k : l.length[n] - 1 - k, i = l.first[n] + t * l.stride;
      want(i) = carry = flag(i) ? double(x(i)) : double(x(i)) - carry;
    }
  }
  CAPTURE(l.count(), l.longest, lanes, int(d), int(first), int(second), int(out));
  REQUIRE(difference(result.now(), want) == "");
}

/// Three outputs, the last in whole numbers, of which those whose bit in `absent` is set are not wanted; with in_place
/// the second is written over the input.
template <class B>
void scan_several(B& backend, layout const& l, bool lanes, direction d, int absent, bool in_place, order o) {
  using T = value_t<B>;
  placed_series<B> s(backend, l, lanes);
  placed<B, T> x(backend, integers<T>(l.steps, 1, 1), o), carry(backend, l.steps, 1, o), before(backend, l.steps, 1);
  placed<B, std::int32_t> same(backend, l.steps, 1, o);
  placed<B, std::uint8_t> flag(backend, flags(l.steps, 1, 2));
  auto wanted = [&]<class U>(int k, view<U> v) { return absent >> k & 1 ? view<U>() : v; };
  auto second = in_place ? x.out() : before.out();
  backend.scan(s.s, d, cut_difference_and_more{}, 5,
               outputs{wanted(0, carry.out()), wanted(1, second), wanted(2, same.out())}, x.in(), flag.in());
  grid<double> want_carry(l.steps), want_before(l.steps), want_same(l.steps);
  for (std::ptrdiff_t n = 0; n < l.count(); ++n) {
    double c = 5;
    for (std::ptrdiff_t k = 0; k < l.length[n]; ++k) {
      std::ptrdiff_t t = d == direction::forward ? k : l.length[n] - 1 - k, i = l.first[n] + t * l.stride;
      want_before(i) = double(x(i)) + 2 * c;
      want_carry(i) = c = flag(i) ? double(x(i)) : double(x(i)) - c;
      want_same(i) = double(x(i));
    }
  }
  CAPTURE(l.count(), l.longest, lanes, int(d), absent, in_place, int(o));
  if (!(absent & 1)) REQUIRE(difference(carry.now(), want_carry) == "");
  if (!(absent & 2)) REQUIRE(difference(in_place ? x.now() : before.now(), want_before) == "");
  if (!(absent & 4)) REQUIRE(difference(same.now(), want_same) == "");
}

template <class B>
void scan(B& backend, tolerances const& tolerance) {
  using T = value_t<B>;
  direction both[] = {direction::forward, direction::backward};
  SECTION("scan: lanes, 1 to 70 of them, 1 to 40 steps long, in both directions") {
    for (std::ptrdiff_t N = 1; N <= 70; ++N)
      for (std::ptrdiff_t steps = 1; steps <= 40; steps += steps < 6 || N < 20 ? 1 : 7)
        for (auto d : both)
          scan_one(backend, layout::lanes(steps, N), true, d, order::packed, order::packed, order::packed);
  }
  SECTION("scan: no lanes, and lanes without steps") {
    for (auto d : both) {
      scan_one(backend, layout::lanes(7, 0), true, d, order::packed, order::packed, order::packed);
      scan_one(backend, layout::lanes(0, 40), true, d, order::packed, order::packed, order::packed);
    }
  }
  SECTION("scan: strided and broadcast inputs, strided outputs") {
    for (std::ptrdiff_t N : {3, 40})
      for (auto d : both)
        for (order in : {order::packed, order::every_second, order::one_element})
          for (order out : {order::packed, order::every_second}) {
            scan_one(backend, layout::lanes(9, N), true, d, in, order::packed, out);
            scan_one(backend, layout::lanes(9, N), true, d, order::packed, in, out);
            scan_one(backend, layout::ragged(N, 9, 3), false, d, in, in, out);
          }
  }
  SECTION("scan: packed series of ragged lengths, some of them empty") {
    for (std::ptrdiff_t N = 1; N <= 40; ++N)
      for (auto d : both)
        scan_one(backend, layout::ragged(N, 33, std::uint32_t(N)), false, d, order::packed, order::packed,
                 order::packed);
    for (auto d : both) {
      scan_one(backend, layout::segments({}), false, d, order::packed, order::packed, order::packed);
      scan_one(backend, layout::segments({0, 0, 0}), false, d, order::packed, order::packed, order::packed);
      scan_one(backend, layout::ragged(3000, 12, 4), false, d, order::packed, order::packed, order::packed);
      scan_one(backend, layout::lanes(12, 20'003), true, d, order::packed, order::packed, order::packed);
    }
  }
  SECTION("scan: several outputs, any of them absent, also in place") {
    for (auto d : both)
      for (int absent = 0; absent < 8; ++absent)
        for (bool in_place : {false, true})
          for (order o : {order::packed, order::every_second}) {
            for (std::ptrdiff_t N : {1, 7, 32, 45, 2500})
              scan_several(backend, layout::lanes(5, N), true, d, absent, in_place, o);
            for (std::ptrdiff_t N : {1, 40, 1000})
              scan_several(backend, layout::ragged(N, 9, 3), false, d, absent, in_place, o);
          }
    for (auto d : both) scan_several(backend, layout::lanes(4, 5003), true, d, 0, true, order::packed);
    scan_several(backend, layout::segments({0, 0, 0}), false, direction::forward, 0, false, order::packed);
  }
  SECTION("scan: in place") {
    for (std::ptrdiff_t N : {5, 37}) {
      placed<B, T> x(backend, integers<T>(6 * N, 1, 5));
      backend.scan(partition::lanes(6, N), direction::backward, decaying{}, 0, x.out(), x.in());
      grid<double> want(6 * N);
      for (std::ptrdiff_t i = 6 * N - 1; i >= 0; --i) want(i) = double(x(i)) + (i + N < 6 * N ? .9 * want(i + N) : 0);
      REQUIRE(difference(x.now(), want, 0, tolerance.recurrence * epsilon<T> * 80) == "");
    }
  }
  SECTION("scan: a decaying sum of 40 numbers keeps its digits") {
    for (std::ptrdiff_t N : {4, 61})
      for (auto d : both) {
        placed<B, T> x(backend, reals<T>(40 * N, 1, 6)), out(backend, 40 * N, 1);
        backend.scan(partition::lanes(40, N), d, decaying{}, .25, out.out(), x.in());
        grid<double> want(40 * N);
        for (std::ptrdiff_t k = 0; k < 40; ++k)
          for (std::ptrdiff_t n = 0; n < N; ++n) {
            std::ptrdiff_t i = (d == direction::forward ? k : 39 - k) * N + n,
                           previous = d == direction::forward ? i - N : i + N;
            want(i) = double(x(i)) + .9 * (k == 0 ? .25 : want(previous));
          }
        REQUIRE(difference(out.now(), want, 0, tolerance.recurrence * epsilon<T> * 10) == "");
      }
  }
}

template <class B>
void segments(B& backend) {
  using T = value_t<B>;
  std::vector<std::pair<layout, bool>> cases;
  for (std::ptrdiff_t N : {0, 1, 2, 7, 8, 17, 64, 1500}) {
    cases.emplace_back(layout::lanes(5, N), true);
    cases.emplace_back(layout::ragged(N, 9, std::uint32_t(N)), false);
  }
  cases.emplace_back(layout::lanes(0, 4), true);
  cases.emplace_back(layout::segments({0, 0, 5000, 0}), false);
  SECTION("segment_reduce: one sum for each series, 0 for an empty one") {
    for (auto const& [l, lanes] : cases)
      for (order o : {order::packed, order::every_second, order::one_element}) {
        placed_series<B> s(backend, l, lanes);
        placed<B, T> a(backend, integers<T>(l.steps, 1, 1)), b(backend, integers<T>(l.steps, 1, 2), o),
            out(backend, l.count(), 1);
        backend.segment_reduce(s.s, out.out(), detail::times{}, a.in(), b.in());
        grid<double> want(l.count());
        for (std::ptrdiff_t n = 0; n < l.count(); ++n)
          for (std::ptrdiff_t k = 0; k < l.length[n]; ++k) {
            std::ptrdiff_t i = l.first[n] + k * l.stride;
            want(n) += double(a(i)) * double(b(i));
          }
        CAPTURE(l.count(), l.longest, lanes, int(o));
        REQUIRE(difference(out.now(), want) == "");
      }
  }
  SECTION("broadcast_series: the number of each series to all of its steps") {
    for (auto const& [l, lanes] : cases)
      for (order o : {order::packed, order::every_second}) {
        placed_series<B> s(backend, l, lanes);
        placed<B, T> in(backend, reals<T>(l.count(), 1, 3), o), out(backend, l.steps, 1, o);
        backend.broadcast_series(s.s, out.out(), in.in());
        grid<double> want(l.steps);
        for (std::ptrdiff_t n = 0; n < l.count(); ++n)
          for (std::ptrdiff_t k = 0; k < l.length[n]; ++k) want(l.first[n] + k * l.stride) = double(in(n));
        CAPTURE(l.count(), l.longest, lanes, int(o));
        REQUIRE(difference(out.now(), want) == "");
      }
  }
}

}  // namespace cohort::conformance
