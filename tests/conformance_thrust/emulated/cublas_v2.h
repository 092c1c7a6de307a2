#pragma once
#include <cuda_runtime_api.h>

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_INVALID_VALUE };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
using cublasHandle_t = void*;

inline char const* cublasGetStatusName(cublasStatus_t) { return "CUBLAS_STATUS_INVALID_VALUE"; }
inline char const* cublasGetStatusString(cublasStatus_t) { return "an argument is not as BLAS wants it"; }
inline cublasStatus_t cublasCreate(cublasHandle_t* h) { return *h = std::malloc(1), CUBLAS_STATUS_SUCCESS; }
inline cublasStatus_t cublasDestroy(cublasHandle_t h) { return std::free(h), CUBLAS_STATUS_SUCCESS; }
inline cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) { return CUBLAS_STATUS_SUCCESS; }

namespace emulated {

/// Column by column, as BLAS defines it, and as strict about its arguments.
template <class T>
cublasStatus_t gemm(cublasHandle_t, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, T const* alpha,
                    T const* a, int lda, T const* b, int ldb, T const* beta, T* c, int ldc) {
  auto at_least = [](int x) { return x > 1 ? x : 1; };
  if (m < 0 || n < 0 || k < 0 || lda < at_least(ta == CUBLAS_OP_N ? m : k) ||
      ldb < at_least(tb == CUBLAS_OP_N ? k : n) || ldc < at_least(m))
    return CUBLAS_STATUS_INVALID_VALUE;
  for (long i = 0; i < m; ++i)
    for (long j = 0; j < n; ++j) {
      T sum = 0;
      for (long l = 0; l < k; ++l)
        sum += (ta == CUBLAS_OP_N ? a[i + l * lda] : a[l + i * lda]) *
               (tb == CUBLAS_OP_N ? b[l + j * ldb] : b[j + l * ldb]);
      c[i + j * ldc] = *beta == 0 ? *alpha * sum : *alpha * sum + *beta * c[i + j * ldc];
    }
  return CUBLAS_STATUS_SUCCESS;
}
template <class T>
cublasStatus_t gemv(cublasHandle_t, cublasOperation_t ta, int m, int n, T const* alpha, T const* a, int lda, T const* x,
                    int incx, T const* beta, T* y, int incy) {
  if (m < 0 || n < 0 || lda < (m > 1 ? m : 1) || incx == 0 || incy == 0) return CUBLAS_STATUS_INVALID_VALUE;
  for (long i = 0; i < (ta == CUBLAS_OP_N ? m : n); ++i) {
    T sum = 0;
    for (long j = 0; j < (ta == CUBLAS_OP_N ? n : m); ++j)
      sum += (ta == CUBLAS_OP_N ? a[i + j * lda] : a[j + i * lda]) * x[j * incx];
    y[i * incy] = *beta == 0 ? *alpha * sum : *alpha * sum + *beta * y[i * incy];
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace emulated

inline constexpr auto cublasSgemm = emulated::gemm<float>;
inline constexpr auto cublasDgemm = emulated::gemm<double>;
inline constexpr auto cublasSgemv = emulated::gemv<float>;
inline constexpr auto cublasDgemv = emulated::gemv<double>;
