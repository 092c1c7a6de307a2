#pragma once
#include <cuda_runtime_api.h>
#include <cstddef>

namespace cub {

/// Tiles of 7 by themselves, each then joined with what came before: only an associative operation survives that.
struct DeviceScan {
  template <class In, class Out, class Op, class N>
  static cudaError_t InclusiveScan(void* memory, std::size_t& size, In in, Out out, Op op, N n, cudaStream_t) {
    if (!memory) return size = 1, cudaSuccess;
    using T = typename In::value_type;
    T before{};
    for (N first = 0; first < n; first += 7) {
      T tile[7];
      N count = n - first < 7 ? n - first : 7;
      for (N i = 0; i < count; ++i) tile[i] = i == 0 ? in[first] : op(tile[i - 1], in[first + i]);
      for (N i = 0; i < count; ++i) out[first + i] = tile[i] = first == 0 ? tile[i] : op(before, tile[i]);
      before = tile[count - 1];
    }
    return cudaSuccess;
  }
};

}  // namespace cub
