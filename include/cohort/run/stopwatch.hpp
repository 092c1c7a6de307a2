#pragma once
#include <cohort/compiler.hpp>
#include <ctime>
#if !defined(CLOCK_MONOTONIC)
#include <chrono>
#endif

namespace COHORT_NAMESPACE::detail {

/// Seconds that only ever go forward. (<chrono> would be a tenth of what the library costs a compiler.)
inline double seconds_now() {
#if defined(CLOCK_MONOTONIC)
  std::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
#else
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

}  // namespace COHORT_NAMESPACE::detail
