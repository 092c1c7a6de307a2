#pragma once
#include <cohort/thrust/queue.hpp>
#include <cstddef>
#include <cstdint>

namespace COHORT_NAMESPACE::thrust::detail {

/// One thread an item; Index is what it is told its number in.
template <class Index, class F>
__global__ void __launch_bounds__(256) each(Index n, F f) {
  Index i = Index(blockIdx.x) * 256 + threadIdx.x;
  if (i < n) f(i);
}

/// More items than this are handed out in parts: 64-bit arithmetic on their numbers would cost each thread registers
/// and time.
inline constexpr std::ptrdiff_t most_items = (std::ptrdiff_t(1) << 31) - 256;

/// f(0) ... f(n - 1) on the queue's device and stream; returns at once.
template <class Index = std::int32_t, class F>
void launch(queue& q, char const* what, std::ptrdiff_t n, F const& f) {
  if (n <= 0) return;
  on_device here(q.device());
  each<Index><<<unsigned((n + 255) / 256), 256, 0, q.stream()>>>(Index(n), f);
  check(cudaGetLastError(), what, [n] { return "a kernel over " + std::to_string(n) + " items"; });
}

}  // namespace COHORT_NAMESPACE::thrust::detail
