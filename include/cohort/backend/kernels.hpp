#pragma once
#include <algorithm>
#include <cohort/backend/formulas.hpp>
#include <cohort/backend/partition.hpp>
#include <cohort/random/stream.hpp>
#include <cohort/scalar/bundle.hpp>
#include <cohort/scalar/real.hpp>
#include <limits>
#include <utility>

namespace COHORT_NAMESPACE {

/// The arrays that a map writes, in the order in which its function returns them.
template <class... T>
struct outputs {
  detail::bundle<view<T>...> views;
  constexpr outputs(view<T>... v) : views(v...) {}
};

/// One row of a matrix as a formula over rows sees it: r[j] reads, r.set(j, x) writes. In a backend with wider scalars
/// it is as many rows.
template <class S, class T>
struct matrix_row {
  using scalar = S;
  T* data;
  std::ptrdiff_t column_stride;
  constexpr auto operator[](std::ptrdiff_t j) const { return load(data + j * column_stride); }
  template <class X>
  constexpr void set(std::ptrdiff_t j, X const& x) const {
    if constexpr (plain_number<X>) data[j * column_stride] = static_cast<T>(x);
    else data[j * column_stride] = static_cast<T>(S(x).value);
  }

  /// Bytes are flags and load as masks; integers load as numbers.
  static constexpr auto load(T const* p) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, std::uint8_t>) return mask_t<S>(*p != 0);
    else return S(*p);
  }
};

/// What the generic primitives do for item i of their loops. Named structs, and all of it constexpr, since that is what
/// a device can be given.
namespace detail {

template <class S>
constexpr S part(S const& x, std::ptrdiff_t) {
  return x;
}
template <class S, int N>
constexpr S part(several<S, N> const& x, std::ptrdiff_t k) {
  return x[int(k)];
}

/// f of the elements at (r, c) of some views.
template <class S, class F, class... I>
constexpr auto at_element(F const& f, bundle<view<I>...> const& in, std::ptrdiff_t r, std::ptrdiff_t c) {
  return detail::unpack(
      [&](auto const&... v) { return f(matrix_row<S, std::remove_pointer_t<decltype(v.data)>>::load(&v(r, c))...); },
      in);
}

template <class S, class F, class Out, class In>
struct map_kernel {
  Out out;
  F f;
  In in;
  std::ptrdiff_t columns;

  constexpr void operator()(std::ptrdiff_t i) const {
    std::ptrdiff_t r = columns == 1 ? i : i / columns, c = columns == 1 ? 0 : i % columns;
    store(at_element<S>(f, in, r, c), r, c, std::make_index_sequence<std::tuple_size_v<Out>>());
  }
  template <class R, std::size_t... K>
  constexpr void store(R const& result, std::ptrdiff_t r, std::ptrdiff_t c, std::index_sequence<K...>) const {
    ((get<K>(out)(r, c) = static_cast<std::remove_reference_t<decltype(get<K>(out)(r, c))>>(part(result, K).value)),
     ...);
  }
};

/// Numbered: f is given the number of the row too. Where f has `skips(number)`, rows for which it is true are left.
template <bool Numbered, class S, class F, class... U>
struct rows_kernel {
  F f;
  bundle<view<U>...> views;
  constexpr void operator()(std::ptrdiff_t i) const {
    if constexpr (requires { f.skips(i); })
      if (f.skips(i)) return;
    detail::unpack(
        [&](auto const&... v) {
          auto row = [i](auto const& x) {
            return matrix_row<S, std::remove_pointer_t<decltype(x.data)>>{x.data + i * x.row_stride, x.column_stride};
          };
          if constexpr (Numbered) f(i, row(v)...);
          else f(row(v)...);
        },
        views);
  }
};

/// The sums over block b of `block` elements, in short chains: in a long one the roundings of addends that are alike
/// would add up.
template <class S, class F, class In>
struct block_sums_kernel {
  view<typename S::value_type> sums;
  F f;
  In in;
  std::ptrdiff_t block, size, columns;

  constexpr void operator()(std::ptrdiff_t b) const {
    constexpr std::ptrdiff_t chain = 64, width = sizeof(decltype(at_element<S>(f, in, 0, 0))) / sizeof(S);
    for (std::ptrdiff_t k = 0; k < width; ++k) sums(b, k) = 0;
    std::ptrdiff_t end = size < (b + 1) * block ? size : (b + 1) * block;
    for (std::ptrdiff_t first = b * block; first < end; first += chain) {
      typename S::value_type partial[width] = {};
      for (std::ptrdiff_t i = first; i < end && i < first + chain; ++i) {
        auto term = at_element<S>(f, in, i / columns, i % columns);
        for (std::ptrdiff_t k = 0; k < width; ++k) partial[k] += part(term, k).value;
      }
      for (std::ptrdiff_t k = 0; k < width; ++k) sums(b, k) += partial[k];
    }
  }
};

/// out[c] = the sum of column c.
template <class T>
struct column_sums_kernel {
  view<T> out;
  view<T const> in;
  constexpr void operator()(std::ptrdiff_t c) const {
    T total = 0;
    for (std::ptrdiff_t r = 0; r < in.rows; ++r) total += in(r, c);
    out(0, c) = total;
  }
};

/// Component k of a formula's result to element i of output k, where there is that output.
template <class... O, class R, std::size_t... K>
constexpr void store_present(bundle<view<O>...> const& out, std::ptrdiff_t i, R const& result,
                             std::index_sequence<K...>) {
  ((get<K>(out) ? void(get<K>(out)[i] = static_cast<O>(part(result, K).value)) : void()), ...);
}

template <class S, class F, class Out, class In>
struct scan_kernel {
  partition s;
  direction d;
  F f;
  double initial;
  Out out;
  In in;

  constexpr void operator()(std::ptrdiff_t n) const {
    S carry = initial;
    std::ptrdiff_t length = s.length(n), first = s.first(n), stride = s.stride();
    for (std::ptrdiff_t k = 0; k < length; ++k) {
      std::ptrdiff_t i = first + (d == direction::forward ? k : length - 1 - k) * stride;
      auto next = detail::unpack(
          [&](auto const&... v) {
            return f(carry, matrix_row<S, std::remove_pointer_t<decltype(v.data)>>::load(&v[i])...);
          },
          in);
      store_present(out, i, next, std::make_index_sequence<std::tuple_size_v<Out>>());
      carry = part(next, 0);
    }
  }
};

template <class S, class F, class In>
struct segment_reduce_kernel {
  partition s;
  view<typename S::value_type> out;
  F f;
  In in;

  constexpr void operator()(std::ptrdiff_t n) const {
    S total = 0;
    for (std::ptrdiff_t k = 0; k < s.length(n); ++k) total += at_element<S>(f, in, s.first(n) + k * s.stride(), 0);
    out[n] = total.value;
  }
};

template <class T>
struct broadcast_series_kernel {
  partition s;
  view<T> out;
  view<T const> in;
  constexpr void operator()(std::ptrdiff_t n) const {
    for (std::ptrdiff_t k = 0; k < s.length(n); ++k) out[s.first(n) + k * s.stride()] = in[n];
  }
};

template <class U>
struct gather_kernel {
  view<U> out;
  view<U const> in;
  view<std::int32_t const> index;
  constexpr void operator()(std::ptrdiff_t r) const {
    for (std::ptrdiff_t c = 0; c < out.columns; ++c) out(r, c) = in(index[r], c);
  }
};

template <class T>
struct scatter_add_kernel {
  view<T> out;
  view<T const> in;
  view<std::int32_t const> index;
  constexpr void operator()(std::ptrdiff_t c) const {
    for (std::ptrdiff_t r = 0; r < in.rows; ++r) out(index[r], c) += in(r, c);
  }
};

template <class U>
struct scatter_kernel {
  view<U> out;
  view<U const> in;
  view<std::int32_t const> index;
  constexpr void operator()(std::ptrdiff_t r) const {
    for (std::ptrdiff_t c = 0; c < in.columns; ++c) out(index[r], c) = in(r, c);
  }
};

template <class T>
struct row_max_kernel {
  view<T> out;
  view<T const> in;
  constexpr void operator()(std::ptrdiff_t r) const {
    real<T> largest = -std::numeric_limits<T>::infinity();
    for (std::ptrdiff_t c = 0; c < in.columns; ++c) largest = max(largest, real<T>(in(r, c)));
    out[r] = largest.value;
  }
};

/// Four chains, since one would lose a digit in rows as long as a vocabulary.
template <class S, class F, class In>
struct row_sums_kernel {
  view<typename S::value_type> out;
  F f;
  In in;
  std::ptrdiff_t columns;
  constexpr void operator()(std::ptrdiff_t r) const {
    for (std::ptrdiff_t k = 0; k < out.columns; ++k) {
      S sums[4] = {0, 0, 0, 0};
      for (std::ptrdiff_t c = 0; c < columns; ++c) sums[c & 3] += part(at_element<S>(f, in, r, c), k);
      out(r, k) = ((sums[0] + sums[1]) + (sums[2] + sums[3])).value;
    }
  }
};

template <class T>
struct matmul_kernel {
  view<T> c;
  view<T const> a, b;
  bool accumulate;
  constexpr void operator()(std::ptrdiff_t i) const {
    std::ptrdiff_t m = i / c.columns, n = i % c.columns;
    T total = accumulate ? c(m, n) : T(0);
    for (std::ptrdiff_t k = 0; k < a.columns; ++k) total += a(m, k) * b(k, n);
    c(m, n) = total;
  }
};

template <class T>
struct uniform_kernel {
  view<T> out;
  stream_id s;
  std::uint32_t first_lane;
  constexpr void operator()(std::ptrdiff_t r) const {
    philox4x32::counter words{};
    constexpr int per_block = sizeof(T) == 4 ? 4 : 2;
    for (std::ptrdiff_t c = 0; c < out.columns; ++c) {
      auto k = std::size_t(c % per_block);
      if (k == 0) words = s.words(first_lane + std::uint32_t(r), std::uint32_t(c / per_block));
      if constexpr (sizeof(T) == 4) out(r, c) = open_unit(words[k]);
      else out(r, c) = open_unit(words[2 * k], words[2 * k + 1]);
    }
  }
};

template <class Activation>
struct biased {
  Activation activation;
  constexpr auto operator()(auto sum, auto bias) const { return activation(sum + bias); }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
