#pragma once
#include "arrays.hpp"
#include "timing.hpp"

namespace device_bench {

/// Bytes a second, read and written, of copying an array that no cache holds: by the driver, and by a kernel of
/// Cohort's.
struct copy_rates {
  std::ptrdiff_t bytes;
  double by_driver, by_kernel;
  double best() const { return std::max(by_driver, by_kernel); }  ///< the ruler of everything that memory bounds
};

inline copy_rates measure_copies(device& gpu, request const& asked) {
  std::ptrdiff_t n = asked.size<std::ptrdiff_t>(1 << 27, 1 << 14), bytes = n * std::ptrdiff_t(sizeof(float));
  array<float> from = random_array(gpu, n, 1), to = filled_array(gpu, n, 0);
  double by_driver = seconds_of(gpu, asked, [&] {
    cohort::thrust::detail::check(
        cudaMemcpyAsync(to.data(), from.data(), std::size_t(bytes), cudaMemcpyDeviceToDevice, gpu.stream()),
        "cudaMemcpyAsync", [&] { return cohort::thrust::detail::bytes(std::size_t(bytes)); });
  });
  double by_kernel = seconds_of(gpu, asked, [&] {
    gpu.map(cohort::outputs{to.all()}, cohort::detail::same{}, cohort::view<float const>(from.all()));
  });
  return {bytes, 2. * double(bytes) / by_driver, 2. * double(bytes) / by_kernel};
}

}  // namespace device_bench
