#pragma once
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <atomic>
#include <cohort/eigen/parallel.hpp>
#include <cohort/thrust/system.hpp>

#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CPP
#include <thrust/system/cpp/execution_policy.h>
#define COHORT_THRUST_SYSTEM cpp
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
#include <thrust/system/omp/execution_policy.h>
#define COHORT_THRUST_SYSTEM omp
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_TBB
#include <tbb/task_arena.h>
#include <thrust/system/tbb/execution_policy.h>
#define COHORT_THRUST_SYSTEM tbb
#endif

namespace COHORT_NAMESPACE::thrust {

// The system is part of every name below, so that two systems in one program, wherever it got them, stay two.
inline namespace COHORT_THRUST_SYSTEM {

/// As many threads as the system would take: CPP has one.
inline int hardware_threads() {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CPP
  return 1;
#elif THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_OMP
  return omp_get_max_threads();
#else
  return ::tbb::this_task_arena::max_concurrency();
#endif
}

/// A worker of a loop. An exception may not leave a parallel region of OpenMP, so the first one is carried out by hand.
struct worker_of {
  eigen::shared_loop* loop;
  std::exception_ptr* thrown;
  std::atomic_flag* some_thrown;

  void operator()(std::ptrdiff_t worker) const {
    try {
      loop->work(int(worker));
    } catch (...) {
      if (!some_thrown->test_and_set()) *thrown = std::current_exception();
    }
  }
};

/// Runs the loops of a backend on Thrust's device system: a function of eigen::executor.
inline void run_on_thrust(void*, int threads, std::ptrdiff_t n, std::ptrdiff_t grain, eigen::loop_body body) {
  auto workers = int(std::clamp<std::ptrdiff_t>(n / grain, 1, threads));
  if (workers == 1 && THRUST_DEVICE_SYSTEM != THRUST_DEVICE_SYSTEM_CPP)
    return body.call(body.object, 0, 0, n);  // not worth waking the threads
  eigen::shared_loop loop(n, grain, workers, body);
  std::exception_ptr thrown;
  std::atomic_flag some_thrown;
  ::thrust::for_each_n(::thrust::COHORT_THRUST_SYSTEM::par, ::thrust::counting_iterator<std::ptrdiff_t>(0),
                       std::ptrdiff_t(loop.workers()), worker_of{&loop, &thrown, &some_thrown});
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace COHORT_THRUST_SYSTEM
}  // namespace COHORT_NAMESPACE::thrust
