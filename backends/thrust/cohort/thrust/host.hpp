#pragma once
#include <cohort/eigen/host_backend.hpp>
#include <cohort/thrust/executor.hpp>

namespace COHORT_NAMESPACE::thrust {
inline namespace COHORT_THRUST_SYSTEM {

struct options {
  int threads = 0;  ///< 0: as many as the system would take; CPP has one whatever is asked
};

/// Thrust's CPP, OMP or TBB device system: host arrays, the packs and products of the Eigen backend, and loops run by
/// ::thrust::for_each_n.
///
/// The same build gives the same bits on any number of threads, and on each of the three systems. A backend is used by
/// one thread at a time.
template <class T>
class basic_backend : public eigen::host_backend<T> {
 public:
  basic_backend() : basic_backend(options{}) {}
  explicit basic_backend(options o) : eigen::host_backend<T>(eigen::executor(threads_for(o.threads), &run_on_thrust)) {}

 private:
  static int threads_for(int asked) {
    detail::require(asked >= 0, "thrust::backend", "threads", asked, "0 (all) or more");
    return asked == 0 || THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CPP ? hardware_threads() : asked;
  }
};

using backend = basic_backend<float>;

}  // namespace COHORT_THRUST_SYSTEM
}  // namespace COHORT_NAMESPACE::thrust
