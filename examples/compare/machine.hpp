#pragma once
// The backend, by what the program links: this file is all that differs between compare, compare_thrust_omp,
// compare_thrust_cuda and compare_torch.
#if defined(COMPARE_TORCH)
#include <ATen/Parallel.h>
#include <cohort/backend/torch.hpp>
#elif defined(THRUST_DEVICE_SYSTEM)
#include <cohort/backend/thrust.hpp>
#else
#include <cohort/backend/eigen.hpp>
#endif

namespace compare {

#if defined(COMPARE_TORCH)
using machine = cohort::torch::backend;
inline constexpr char const* machine_name = "torch";
inline machine one_thread() {
  at::set_num_threads(1);
  return machine();
}
#elif defined(THRUST_DEVICE_SYSTEM) && THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
using machine = cohort::thrust::backend;
inline constexpr char const* machine_name = "thrust_cuda";
inline machine one_thread() { return machine(); }
#elif defined(THRUST_DEVICE_SYSTEM)
using machine = cohort::thrust::backend;
inline constexpr char const* machine_name = THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CPP   ? "thrust_cpp"
                                            : THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP ? "thrust_omp"
                                                                                               : "thrust_tbb";
inline machine one_thread() { return machine({.threads = 1}); }
#else
using machine = cohort::eigen::backend;
inline constexpr char const* machine_name = "eigen";
inline machine one_thread() { return machine({.threads = 1}); }
#endif

}  // namespace compare
