#pragma once
#include <algorithm>
#include <atomic>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// f(0), f(1), ..., f(count - 1), begun in this order, `at_once` of them at a time. Once one has thrown no other is
/// begun; when all have ended, the first of them by number that threw is thrown again.
inline void each_on_threads(std::size_t count, int at_once, std::function<void(std::size_t)> const& f) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stopped = false;
  std::mutex lock;
  std::exception_ptr failed;
  std::size_t failed_at = count;
  auto const work = [&] {
    for (std::size_t i; !stopped && (i = next++) < count;) try {
        f(i);
      } catch (...) {
        std::lock_guard const held(lock);
        stopped = true;
        if (i < failed_at) failed = std::current_exception(), failed_at = i;
      }
  };
  std::vector<std::thread> workers;
  for (std::size_t k = 1; k < std::min(std::size_t(std::max(at_once, 1)), count); ++k) workers.emplace_back(work);
  work();
  for (auto& w : workers) w.join();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace COHORT_NAMESPACE::detail
