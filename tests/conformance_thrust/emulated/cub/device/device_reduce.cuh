#pragma once
#include <cuda_runtime_api.h>
#include <cstddef>

namespace cub {

/// Blocks first, then their sums, as a device would.
struct DeviceReduce {
  template <class In, class Out, class N, class Op, class T>
  static cudaError_t Reduce(void* memory, std::size_t& size, In in, Out out, N n, Op op, T start, cudaStream_t) {
    if (!memory) return size = 1, cudaSuccess;
    T total = start;
    for (N first = 0; first < n; first += 256) {
      T sum = in[first];
      for (N i = first + 1; i < n && i < first + 256; ++i) sum = op(sum, in[i]);
      total = op(total, sum);
    }
    *out = total;
    return cudaSuccess;
  }
};

}  // namespace cub
