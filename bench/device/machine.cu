// What the numbers were measured on.
#include "device.hpp"
#include "result.hpp"

namespace device_bench {

#ifdef __CUDACC__

void machine(request const&) {
  auto attribute = [](cudaDeviceAttr which) {
    int value = 0;
    cohort::thrust::detail::check(cudaDeviceGetAttribute(&value, which, 0), "cudaDeviceGetAttribute",
                                  [] { return std::string("device 0"); });
    return value;
  };
  device gpu;  // says so where there is none
  cudaDeviceProp about;
  char bus[32] = "";
  int driver = 0, runtime = 0, cublas = 0;
  auto asked = [] { return std::string("device 0"); };
  cohort::thrust::detail::check(cudaGetDeviceProperties(&about, 0), "cudaGetDeviceProperties", asked);
  cohort::thrust::detail::check(cudaDeviceGetPCIBusId(bus, sizeof bus, 0), "cudaDeviceGetPCIBusId", asked);
  cohort::thrust::detail::check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion", asked);
  cohort::thrust::detail::check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion", asked);
  cublasHandle_t blas = nullptr;
  cohort::thrust::detail::check(cublasCreate(&blas), "cublasCreate", asked);
  cohort::thrust::detail::check(cublasGetVersion(blas, &cublas), "cublasGetVersion", asked);
  cublasDestroy(blas);
  std::printf(
      "{\"machine\": {\"name\": \"%s\", \"pci\": \"%s\", \"compute_capability\": \"%d.%d\", \"multiprocessors\": %d, "
      "\"memory_mib\": %zu, \"l2_mib\": %.1f, \"clock_mhz\": %d, \"memory_clock_mhz\": %d, \"memory_bus_bits\": %d, "
      "\"ecc\": %d, \"memory_pools\": %d, \"reads_pageable_memory\": %d, \"cuda_of_driver\": %d, \"cuda_runtime\": %d, "
      "\"cublas\": %d}}\n",
      about.name, bus, about.major, about.minor, about.multiProcessorCount, about.totalGlobalMem >> 20,
      double(about.l2CacheSize) / (1 << 20), attribute(cudaDevAttrClockRate) / 1000,
      attribute(cudaDevAttrMemoryClockRate) / 1000, about.memoryBusWidth, about.ECCEnabled,
      attribute(cudaDevAttrMemoryPoolsSupported), attribute(cudaDevAttrPageableMemoryAccess), driver, runtime, cublas);
}

#else

void machine(request const&) { skip("machine", "the device is played by the host"); }

#endif

}  // namespace device_bench
