#pragma once
#include <cohort/compiler.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The threads that step an environment's lanes side by side, the caller's among them. They wait in between.
class lane_threads {
 public:
  explicit lane_threads(int count) {
    try {
      for (int k = 1; k < count; ++k)
        threads_.emplace_back([this](std::stop_token stopped) { wait_for_work(stopped); });
    } catch (std::system_error const&) {
      // The system gives no more threads; those there are do all the work.
    }
  }
  lane_threads(lane_threads const&) = delete;
  lane_threads& operator=(lane_threads const&) = delete;

  /// f(0) to f(count - 1), each once, whichever thread is free takes the next; raises what the first of them raised.
  template <class F>
  void each(int count, F const& f) {
    std::scoped_lock one_at_a_time(in_use_);
    {
      std::scoped_lock lock(mutex_);
      work_ = [](void const* work, int i) { (*static_cast<F const*>(work))(i); };
      given_ = &f, count_ = count, next_ = 0, running_ = 0, failed_ = count, failure_ = nullptr;
    }
    began_.notify_all();
    std::unique_lock lock(mutex_);
    work_through(lock);
    ended_.wait(lock, [&] { return running_ == 0; });
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  void wait_for_work(std::stop_token stopped) {
    std::unique_lock lock(mutex_);
    while (began_.wait(lock, stopped, [&] { return next_ < count_; })) work_through(lock);
  }
  void work_through(std::unique_lock<std::mutex>& lock) {
    ++running_;
    while (next_ < count_) {
      int const i = next_++;
      lock.unlock();
      std::exception_ptr raised;
      try {
        work_(given_, i);
      } catch (...) {
        raised = std::current_exception();
      }
      lock.lock();
      if (raised && i < failed_) failed_ = i, failure_ = raised;
    }
    if (--running_ == 0) ended_.notify_one();
  }

  std::mutex in_use_, mutex_;
  std::condition_variable_any began_;
  std::condition_variable ended_;
  void (*work_)(void const*, int) = nullptr;
  void const* given_ = nullptr;
  int count_ = 0, next_ = 0, running_ = 0, failed_ = 0;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last, so that they end before what they use
};

/// On how many threads an environment asks to be stepped; 1 where it does not.
template <class E>
int step_threads_of(E const& e) {
  if constexpr (requires { e.step_threads(); }) return e.step_threads();
  else return 1;
}

}  // namespace COHORT_NAMESPACE::detail
