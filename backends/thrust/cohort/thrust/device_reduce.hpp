#pragma once
#include <cohort/thrust/elements.hpp>
#include <cohort/thrust/queue.hpp>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_segmented_reduce.cuh>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

namespace cohort::thrust::detail {

/// N sums, in the form that CUB carries.
template <class T, int N>
struct sums {
  T values[N];
};
struct add_sums {
  template <class T, int N>
  constexpr sums<T, N> operator()(sums<T, N> a, sums<T, N> const& b) const {
    for (int k = 0; k < N; ++k) a.values[k] += b.values[k];
    return a;
  }
};

/// The terms of element i of a formula, as sums of one.
template <class T, int N, class Formula>
struct terms_at {
  Formula formula;
  template <class Index>
  constexpr sums<T, N> operator()(Index i) const {
    auto term = formula(i);
    sums<T, N> result{};
    for (int k = 0; k < N; ++k) result.values[k] = part(term, k).value;
    return result;
  }
};

/// A call of CUB's that says how much scratch memory it needs when it gets none, made twice: call(memory, size).
template <class Backend, class Call>
void with_scratch(Backend& backend, queue& q, char const* what, std::ptrdiff_t n, Call call) {
  on_device here(q.device());
  auto asked = [n] { return std::to_string(n) + " elements"; };
  std::size_t size = 0;
  check(call(nullptr, size), what, asked);
  auto scratch = backend.template temporary<std::uint8_t>(std::ptrdiff_t(size) + 1);
  check(call(static_cast<void*>(scratch.all().data), size), what, asked);
}

/// *out = the N sums over elements 0 ... n - 1, by a tree that depends on n and the device only: the same bits every time.
template <class T, int N, class Backend, class Formula>
void reduce_all(Backend& backend, queue& q, std::ptrdiff_t n, Formula const& formula, T* out) {
  auto to = reinterpret_cast<sums<T, N>*>(out);
  auto reduce = [&](auto count) {
    ::thrust::transform_iterator terms(::thrust::counting_iterator<decltype(count)>(0), terms_at<T, N, Formula>{formula});
    with_scratch(backend, q, "cub::DeviceReduce::Reduce", n, [&](void* memory, std::size_t& size) {
      return cub::DeviceReduce::Reduce(memory, size, terms, to, count, add_sums{}, sums<T, N>{}, q.stream());
    });
  };
  if (n < std::ptrdiff_t(1) << 31) reduce(std::int32_t(n));
  else reduce(std::int64_t(n));
}

/// out[k] = the sum over elements offsets[k] ... offsets[k + 1] - 1.
template <class T, class Backend, class Formula>
void reduce_segments(Backend& backend, queue& q, view<std::int32_t const> offsets, Formula const& formula, view<T> out) {
  using sum = sums<T, 1>;
  ::thrust::transform_iterator terms(::thrust::counting_iterator<std::int32_t>(0), terms_at<T, 1, Formula>{formula});
  with_scratch(backend, q, "cub::DeviceSegmentedReduce::Reduce", out.rows, [&](void* memory, std::size_t& size) {
    return cub::DeviceSegmentedReduce::Reduce(memory, size, terms, reinterpret_cast<sum*>(out.data), out.rows, offsets.data, offsets.data + 1, add_sums{},
                                              sum{}, q.stream());
  });
}

}  // namespace cohort::thrust::detail
