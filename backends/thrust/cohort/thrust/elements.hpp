#pragma once
#include <cohort/backend/kernels.hpp>

// How kernels on a device find element i of some views: without any division where the views are lines, in 32 bits where that is enough.

namespace cohort::thrust::detail {

using cohort::detail::part;

/// Element i is `step` elements after the one before.
template <class U>
struct line {
  U* data;
  std::ptrdiff_t step;
  template <class Index>
  constexpr U& operator()(Index i) const {
    return data[i * step];
  }
};

/// Element i of rows of `columns`.
template <class U>
struct plane {
  U* data;
  std::ptrdiff_t row_stride, column_stride;
  std::uint32_t columns;
  template <class Index>
  constexpr U& operator()(Index i) const {
    if constexpr (sizeof(Index) == 4) {
      std::uint32_t r = std::uint32_t(i) / columns, c = std::uint32_t(i) - r * columns;
      return data[r * row_stride + c * column_stride];
    } else {
      return data[i / columns * row_stride + i % columns * column_stride];
    }
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
  std::tuple<In...> in;

  template <class Index>
  constexpr auto operator()(Index i) const {
    return std::apply([&](auto const&... v) { return f(row<S, std::remove_reference_t<decltype(v(i))>>::load(&v(i))...); }, in);
  }
};

template <class Out, class Formula>
struct elementwise {
  Out out;
  Formula formula;

  template <class Index>
  constexpr void operator()(Index i) const {
    store(i, formula(i), std::make_index_sequence<std::tuple_size_v<Out>>());
  }
  template <class Index, class R, std::size_t... K>
  constexpr void store(Index i, R const& result, std::index_sequence<K...>) const {
    ((std::get<K>(out)(i) = static_cast<std::remove_reference_t<decltype(std::get<K>(out)(i))>>(part(result, K).value)), ...);
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
  template <class Index>
  constexpr void operator()(Index i) const {
    to(i) = from(i);
  }
};

/// out(r, c) = in(index[r], c), an element a thread.
template <class U>
struct gathering {
  view<U> out;
  view<U const> in;
  view<std::int32_t const> index;
  template <class Index>
  constexpr void operator()(Index i) const {
    using position = std::conditional_t<sizeof(Index) == 4, std::uint32_t, std::ptrdiff_t>;
    position columns = position(out.columns), r = columns == 1 ? position(i) : position(i) / columns, c = columns == 1 ? 0 : position(i) - r * columns;
    out(r, c) = in(index[r], c);
  }
};

/// out(index[r], c) += in(r, c), an element a thread, in any order.
template <class T>
struct scattering {
  view<T> out;
  view<T const> in;
  view<std::int32_t const> index;
  template <class Index>
  __device__ void operator()(Index i) const {
    using position = std::conditional_t<sizeof(Index) == 4, std::uint32_t, std::ptrdiff_t>;
    position columns = position(in.columns), r = columns == 1 ? position(i) : position(i) / columns, c = columns == 1 ? 0 : position(i) - r * columns;
    atomicAdd(&out(index[r], c), in(r, c));
  }
};

template <class T>
struct filling {
  T* data;
  T value;
  template <class Index>
  constexpr void operator()(Index i) const {
    data[i] = value;
  }
};

/// One block of Philox's words a thread.
template <class T>
struct drawing {
  view<T> out;
  stream s;
  std::uint32_t first_lane, blocks;  ///< blocks of a row

  template <class Index>
  constexpr void operator()(Index i) const {
    constexpr int per_block = sizeof(T) == 4 ? 4 : 2;
    std::ptrdiff_t r = blocks == 1 ? i : i / Index(blocks), b = blocks == 1 ? 0 : i - r * Index(blocks);
    auto words = s.words(first_lane + std::uint32_t(r), std::uint32_t(b));
    for (int k = 0; k < per_block; ++k) {
      std::ptrdiff_t c = b * per_block + k;
      if (c >= out.columns) return;
      if constexpr (sizeof(T) == 4) out(r, c) = open_unit(words[k]);
      else out(r, c) = open_unit(words[2 * k], words[2 * k + 1]);
    }
  }
};

}  // namespace cohort::thrust::detail
