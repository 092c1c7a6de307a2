#pragma once
// Which device system of Thrust this program uses: what the target said that it links, never Thrust's own default.
// COHORT_THRUST_CHOSEN is defined where that is one that this source can have; elsewhere one sentence says what to do.
#ifndef THRUST_DEVICE_SYSTEM
#error "cohort: no device system was chosen for Thrust: link cohort::thrust_cpp, thrust_omp, thrust_tbb or thrust_cuda"
#else
#include <thrust/detail/config.h>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA && !defined(__CUDACC__)
#error "cohort: Thrust's device system is CUDA, and this is no CUDA source: name it .cu, or link another system"
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA && !defined(__CUDACC_RELAXED_CONSTEXPR__)
#error "cohort: nvcc needs --expt-relaxed-constexpr to call formulas on a device: link cohort::thrust_cuda"
#elif THRUST_DEVICE_SYSTEM != THRUST_DEVICE_SYSTEM_CUDA && defined(__CUDACC__)
#error "cohort: a CUDA source needs Thrust's CUDA system: link cohort::thrust_cuda, or name it .cpp"
#else
#define COHORT_THRUST_CHOSEN
#endif
#endif
