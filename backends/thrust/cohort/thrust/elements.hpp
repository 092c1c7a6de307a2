#pragma once
#include <cohort/backend/kernels.hpp>
#include <utility>

// How kernels on a device find element i of some views: in 32 bits, and without any division where the views are lines.

namespace COHORT_NAMESPACE::thrust::detail {

using cohort::detail::part;

/// Element i is `step` elements after the one before.
template <class U>
struct line {
  U* data;
  std::ptrdiff_t step;
  constexpr U& operator()(std::ptrdiff_t i) const { return data[i * step]; }
};

/// Element i of rows of `columns`.
template <class U>
struct plane {
  U* data;
  std::ptrdiff_t row_stride, column_stride;
  std::uint32_t columns;
  constexpr U& operator()(std::uint32_t i) const {
    std::uint32_t r = i / columns, c = i - r * columns;
    return data[r * row_stride + c * column_stride];
  }
};

template <class U>
constexpr bool is_line(view<U> v) {
  return v.columns == 1 || v.contiguous() || (v.row_stride == 0 && v.column_stride == 0);
}
template <class U>
constexpr line<U> line_of(view<U> v) {
  return {v.data, v.columns == 1 ? v.row_stride : v.column_stride};
}
template <class U>
constexpr plane<U> plane_of(view<U> v) {
  return {v.data, v.row_stride, v.column_stride, std::uint32_t(v.columns)};
}

/// f of element i of the inputs.
template <class S, class F, class... In>
struct formula {
  F f;
  cohort::detail::bundle<In...> in;

  constexpr auto operator()(std::int32_t i) const {
    return cohort::detail::unpack(
        [&](auto const&... v) { return f(matrix_row<S, std::remove_reference_t<decltype(v(i))>>::load(&v(i))...); },
        in);
  }
};

template <class Out, class Formula>
struct elementwise {
  Out out;
  Formula formula;

  constexpr void operator()(std::int32_t i) const {
    store(i, formula(i), std::make_index_sequence<std::tuple_size_v<Out>>());
  }
  template <class R, std::size_t... K>
  constexpr void store(std::int32_t i, R const& result, std::index_sequence<K...>) const {
    ((get<K>(out)(i) = static_cast<std::remove_reference_t<decltype(get<K>(out)(i))>>(part(result, K).value)), ...);
  }
};

/// Calls run(way) with the simplest way that fits all of these views: way(view) is a line or a plane.
template <class Run, class... V>
void with_elements(Run run, V... v) {
  if ((is_line(v) && ...)) run([](auto w) { return line_of(w); });
  else run([](auto w) { return plane_of(w); });
}

/// out(i) = in(i), also between different ways of lying.
template <class To, class From>
struct copying {
  To to;
  From from;
  constexpr void operator()(std::int32_t i) const { to(i) = from(i); }
};

/// out(r, c) = in(index[r], c), an element a thread.
template <class U>
struct gathering {
  view<U> out;
  view<U const> in;
  view<std::int32_t const> index;
  constexpr void operator()(std::int32_t i) const {
    auto columns = std::uint32_t(out.columns), r = columns == 1 ? std::uint32_t(i) : i / columns,
         c = columns == 1 ? 0u : i - r * columns;
    out(r, c) = in(index[r], c);
  }
};

/// out(index[r], c) = in(r, c), an element a thread.
template <class U>
struct placing {
  view<U> out;
  view<U const> in;
  view<std::int32_t const> index;
  constexpr void operator()(std::int32_t i) const {
    auto columns = std::uint32_t(in.columns), r = columns == 1 ? std::uint32_t(i) : i / columns,
         c = columns == 1 ? 0u : i - r * columns;
    out(index[r], c) = in(r, c);
  }
};

/// out(index[r], c) += in(r, c), an element a thread, in any order.
template <class T>
struct scattering {
  view<T> out;
  view<T const> in;
  view<std::int32_t const> index;
  __device__ void operator()(std::int32_t i) const {
    auto columns = std::uint32_t(in.columns), r = columns == 1 ? std::uint32_t(i) : i / columns,
         c = columns == 1 ? 0u : i - r * columns;
    atomicAdd(&out(index[r], c), in(r, c));
  }
};

template <class T>
struct filling {
  T* data;
  T value;
  constexpr void operator()(std::int32_t i) const { data[i] = value; }
};

/// One block of Philox's words a thread.
template <class T>
struct drawing {
  view<T> out;
  stream_id s;
  std::uint32_t first_lane, blocks;  ///< blocks of a row

  constexpr void operator()(std::int32_t i) const {
    constexpr int per_block = sizeof(T) == 4 ? 4 : 2;
    auto r = blocks == 1 ? std::uint32_t(i) : i / blocks, b = blocks == 1 ? 0u : i - r * blocks;
    auto words = s.words(first_lane + r, b);
    for (int k = 0; k < per_block; ++k) {
      std::ptrdiff_t c = std::ptrdiff_t(b) * per_block + k;
      if (c >= out.columns) return;
      if constexpr (sizeof(T) == 4) out(r, c) = open_unit(words[k]);
      else out(r, c) = open_unit(words[2 * k], words[2 * k + 1]);
    }
  }
};

}  // namespace COHORT_NAMESPACE::thrust::detail
