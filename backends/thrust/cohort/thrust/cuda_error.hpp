#pragma once
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cohort/error.hpp>
#include <cohort/thrust/system.hpp>
#include <cstddef>

namespace COHORT_NAMESPACE::thrust::detail {

/// Throws what a call of CUDA or cuBLAS returned, if that is an error: `call` names it, asked() says what it was asked
/// for.
template <class Asked>
void check(cudaError_t status, char const* call, Asked asked) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // or the next call would report it again
  throw device_error(std::string(call) + " of " + asked() + ": " + cudaGetErrorName(status) + " (" +
                     cudaGetErrorString(status) + ")");
}
template <class Asked>
void check(cublasStatus_t status, char const* call, Asked asked) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw device_error(std::string(call) + " of " + asked() + ": " + cublasGetStatusName(status) + " (" +
                       cublasGetStatusString(status) + ")");
}

inline std::string bytes(std::size_t n) { return std::to_string(n) + " bytes"; }

}  // namespace COHORT_NAMESPACE::thrust::detail
