// cuBLAS by itself, square, and Cohort's products beside it: square, and in the shapes that policies and a small
// language model have.
#include "arrays.hpp"
#include "result.hpp"
#include "timing.hpp"

namespace device_bench {

namespace {

using cohort::thrust::detail::check;

/// cuBLAS without Cohort, in the stream of a backend.
class blas {
 public:
  explicit blas(device& gpu) {
    check(cublasCreate(&handle_), "cublasCreate", asked);
    check(cublasSetStream(handle_, gpu.stream()), "cublasSetStream", asked);
  }
  blas(blas const&) = delete;
  ~blas() { (void)cublasDestroy(handle_); }
  operator cublasHandle_t() const { return handle_; }
  static std::string asked() { return "a square matrix"; }

 private:
  cublasHandle_t handle_ = nullptr;
};

double teraflops(double rows, double depth, double columns, double seconds) {
  return 2 * rows * depth * columns / seconds / 1e12;
}

/// The elements on the diagonal of a small part of c, computed again.
void require_product(device& gpu, cohort::view<float const> a, cohort::view<float const> b,
                     cohort::view<float const> c) {
  for (std::ptrdiff_t i : {std::ptrdiff_t(0), std::min(c.rows, c.columns) - 1}) {
    auto row = downloaded(gpu, a.part(i, 1)), column = downloaded(gpu, b.column(i)),
         found = downloaded(gpu, c.part(i, 1).columns_part(i, 1));
    double sum = 0;
    for (std::size_t k = 0; k < row.size(); ++k) sum += double(row[k]) * double(column[k]);
    require_near("an element of a product", found[0], sum, 1e-6 * double(row.size()));
  }
}

#ifdef __CUDACC__

struct to_bfloat16 {
  float const* from;
  std::uint16_t* to;
  constexpr void operator()(std::ptrdiff_t i) const {  // rounded toward 0, which is all that a ruler needs
    to[i] = std::uint16_t(std::bit_cast<std::uint32_t>(from[i]) >> 16);
  }
};

/// What cuBLAS makes of tensor cores, which Cohort's products do not use.
void less_precise_products(device& gpu, request const& asked, blas& handle, int n, array<float>& a, array<float>& b,
                           array<float>& c) {
  std::string size = std::to_string(n) + " x " + std::to_string(n);
  float one = 1, zero = 0;
  check(cublasSetMathMode(handle, CUBLAS_TF32_TENSOR_OP_MATH), "cublasSetMathMode", blas::asked);
  double tf32 = seconds_of(gpu, asked, [&] {
    check(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data(), n, b.data(), n, &zero, c.data(), n),
          "cublasSgemm", blas::asked);
  });
  print({"cuBLAS in TF32", size, teraflops(n, n, n, tf32), "TFLOP/s"});
  check(cublasSetMathMode(handle, CUBLAS_DEFAULT_MATH), "cublasSetMathMode", blas::asked);
  // No array of a backend holds 16-bit numbers, so two of them stand in each place of one of 32 bits.
  array<std::int32_t> a16, b16;
  gpu.resize(a16, a.size() / 2), gpu.resize(b16, b.size() / 2);
  auto in16 = [](array<std::int32_t>& x) { return reinterpret_cast<std::uint16_t*>(x.data()); };
  gpu.for_each(a.size(), to_bfloat16{a.data(), in16(a16)});
  gpu.for_each(b.size(), to_bfloat16{b.data(), in16(b16)});
  double bfloat16 = seconds_of(gpu, asked, [&] {
    check(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, in16(a16), CUDA_R_16BF, n, in16(b16),
                       CUDA_R_16BF, n, &zero, c.data(), CUDA_R_32F, n, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
          "cublasGemmEx", blas::asked);
  });
  print({"cuBLAS in bfloat16", size, teraflops(n, n, n, bfloat16), "TFLOP/s"});
}

#else

void less_precise_products(device&, request const&, blas&, int, array<float>&, array<float>&, array<float>&) {
  skip("cuBLAS in TF32", "the cuBLAS that the host plays has no math modes");
  skip("cuBLAS in bfloat16", "the cuBLAS that the host plays has no cublasGemmEx");
}

#endif

}  // namespace

void products(request const& asked) {
  device gpu;
  blas handle(gpu);
  int n = asked.size(8192, 64);
  std::ptrdiff_t all = std::ptrdiff_t(n) * n;
  array<float> a = random_array(gpu, all, 1), b = random_array(gpu, all, 2), c = filled_array(gpu, all, 0);
  float one = 1, zero = 0;
  std::string size = std::to_string(n) + " x " + std::to_string(n);
  double ruler = teraflops(n, n, n, seconds_of(gpu, asked, [&] {
                             check(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data(), n, b.data(),
                                               n, &zero, c.data(), n),
                                   "cublasSgemm", blas::asked);
                           }));
  print({"cuBLAS in float", size, ruler, "TFLOP/s"});
  less_precise_products(gpu, asked, handle, n, a, b, c);

  struct shape {
    std::ptrdiff_t rows, depth, columns;
    char const* of;
  };
  shape const full[] = {{n, n, n, "square"},
                        {4096, 64, 64, "a policy's layer, 4,096 steps"},
                        {64, 4096, 64, "its weights' gradient"},
                        {5120, 256, 1024, "a small Llama's layer, 5,120 tokens"},
                        {64, 256, 1024, "the same, 64 tokens"}},
              tried[] = {{n, n, n, "square"}, {40, 16, 16, "a policy's layer"}};
  for (auto const& s : asked.small ? std::span<shape const>(tried) : std::span<shape const>(full)) {
    cohort::view<float const> left = a.matrix(s.rows, s.depth), right = b.matrix(s.depth, s.columns);
    cohort::view<float> out = c.matrix(s.rows, s.columns);
    double rate = teraflops(double(s.rows), double(s.depth), double(s.columns),
                            seconds_of(gpu, asked, [&] { gpu.matmul(out, left, right); }));
    require_product(gpu, left, right, out);
    print({"matmul",
           std::to_string(s.rows) + " x " + std::to_string(s.depth) + " x " + std::to_string(s.columns) + ", " + s.of,
           rate, "TFLOP/s", rate / ruler, "cuBLAS in float"});
  }
}

}  // namespace device_bench
