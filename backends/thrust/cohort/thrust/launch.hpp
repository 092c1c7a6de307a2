#pragma once
#include <cohort/thrust/queue.hpp>
#include <cstdint>

namespace cohort::thrust::detail {

/// One thread an item. Index is 32 bits wide where that is enough: 64-bit arithmetic costs a device registers and time.
template <class Index, class F>
__global__ void __launch_bounds__(256) each(Index n, F f) {
  Index i = Index(blockIdx.x) * 256 + threadIdx.x;
  if (i < n) f(i);
}

/// f(0) ... f(n - 1) on the queue's device and stream; returns at once.
template <class F>
void launch(queue& q, char const* what, std::ptrdiff_t n, F const& f) {
  if (n <= 0) return;
  on_device here(q.device());
  auto blocks = (n + 255) / 256;
  if (n < std::ptrdiff_t(1) << 31) each<std::int32_t><<<unsigned(blocks), 256, 0, q.stream()>>>(std::int32_t(n), f);
  else each<std::ptrdiff_t><<<unsigned(blocks), 256, 0, q.stream()>>>(n, f);
  check(cudaGetLastError(), what, [n] { return "a kernel over " + std::to_string(n) + " items"; });
}

}  // namespace cohort::thrust::detail
