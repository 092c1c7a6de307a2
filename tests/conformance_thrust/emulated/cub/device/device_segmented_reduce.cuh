#pragma once
#include <cuda_runtime_api.h>
#include <cstddef>

namespace cub {

struct DeviceSegmentedReduce {
  template <class In, class Out, class N, class Begin, class End, class Op, class T>
  static cudaError_t Reduce(void* memory, std::size_t& size, In in, Out out, N n, Begin begin, End end, Op op, T start,
                            cudaStream_t) {
    if (!memory) return size = 1, cudaSuccess;
    for (N k = 0; k < n; ++k) {
      T total = start;
      auto from = in + begin[k];
      for (int i = 0; i < end[k] - begin[k]; ++i) total = op(total, from[i]);
      out[k] = total;
    }
    return cudaSuccess;
  }
};

}  // namespace cub
