#pragma once
#include <cohort/thrust/cuda_error.hpp>
#include <cstddef>
#include <memory>

namespace COHORT_NAMESPACE::thrust::detail {

/// While it lives, calls of this thread go to a device; afterwards to whichever they went to before.
class on_device {
 public:
  explicit on_device(int device) {
    check(cudaGetDevice(&before_), "cudaGetDevice", [] { return std::string("the thread's device"); });
    if (device == before_) return;
    check(cudaSetDevice(device), "cudaSetDevice", [&] { return "device " + std::to_string(device); });
    changed_ = true;
  }
  on_device(on_device const&) = delete;
  ~on_device() {
    if (changed_) (void)cudaSetDevice(before_);
  }

 private:
  int before_ = 0;
  bool changed_ = false;
};

/// A device, a stream on it and cuBLAS in that stream. Arrays share it with their backend: memory goes back to the
/// stream that it came from.
class queue {
 public:
  queue(int device, cudaStream_t stream, bool own) : device_(device), stream_(stream), own_(own) {
    auto named = [&] { return "device " + std::to_string(device); };
    on_device here(device);
    auto has = [&](cudaDeviceAttr which) {
      int value = 0;
      check(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute", named);
      return value != 0;
    };
    pools_ = has(cudaDevAttrMemoryPoolsSupported);
    reads_pageable_memory_ = has(cudaDevAttrPageableMemoryAccess);
    if (own_) check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags", named);
    try {
      check(cublasCreate(&blas_), "cublasCreate", named);
      check(cublasSetStream(blas_, stream_), "cublasSetStream", named);
    } catch (...) {
      release();
      throw;
    }
  }
  queue(queue const&) = delete;
  ~queue() { release(); }

  int device() const { return device_; }
  cudaStream_t stream() const { return stream_; }
  cublasHandle_t blas() const { return blas_; }
  /// Whether a copy from pageable memory may still be reading it when the call returns: where the device cannot, the
  /// driver has taken a copy by then.
  bool reads_pageable_memory() const { return reads_pageable_memory_; }

  void* allocate(std::size_t n) {
    void* p = nullptr;
    on_device here(device_);
    auto asked = [n] { return bytes(n); };
    if (pools_) check(cudaMallocAsync(&p, n, stream_), "cudaMallocAsync", asked);
    else check(cudaMalloc(&p, n), "cudaMalloc", asked);
    return p;
  }
  void free(void* p) noexcept {
    if (p) (void)(pools_ ? cudaFreeAsync(p, stream_) : cudaFree(p));
  }
  void synchronize() {
    on_device here(device_);
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize", [] { return std::string("the backend's stream"); });
  }

 private:
  void release() noexcept {
    if (blas_) (void)cublasDestroy(blas_);
    if (own_ && stream_) (void)cudaStreamDestroy(stream_);
  }

  int device_;
  cudaStream_t stream_;
  bool own_, pools_ = false, reads_pageable_memory_ = false;
  cublasHandle_t blas_ = nullptr;
};

/// The queue of a new backend; says so where there is no device.
inline std::shared_ptr<queue> make_queue(int device, cudaStream_t const* stream) {
  int count = 0;
  cudaError_t found = cudaGetDeviceCount(&count);
  if (found != cudaSuccess || count == 0)
    throw device_error(std::string("thrust::backend: no CUDA device can be used; cudaGetDeviceCount gives ") +
                       (found == cudaSuccess ? "0" : cudaGetErrorName(found)));
  if (device < 0 || device >= count)
    throw device_error("thrust::backend: device is " + std::to_string(device) + ", expected 0 to " +
                       std::to_string(count - 1));
  return std::make_shared<queue>(device, stream ? *stream : nullptr, stream == nullptr);
}

}  // namespace COHORT_NAMESPACE::thrust::detail
