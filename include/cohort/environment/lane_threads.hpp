#pragma once
#include <cohort/compiler.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The threads that step an environment's lanes side by side, each the next lane that waits. One at a time uses them.
class lane_threads {
 public:
  explicit lane_threads(int count) {
    try {
      for (int k = 0; k < count; ++k) threads_.emplace_back([this](std::stop_token stopped) { work(stopped); });
    } catch (std::system_error const&) {  // the system gives no more threads; those that there are do all the work
      if (threads_.empty()) throw;
    }
  }
  lane_threads(lane_threads const&) = delete;
  lane_threads& operator=(lane_threads const&) = delete;

  /// f(0) to f(count - 1), each once, in no order; raises what the first of them raised.
  template <class F>
  void each(int count, F const& f) {
    in_use const used(*this, f);
    for (int i = 0; i < count; ++i) used.begin(i);
    used.rest();
  }

  /// While it lives, f(i) is called for what `begin` gives; it waits for all of that.
  class in_use {
   public:
    template <class F>
    in_use(lane_threads& threads, F const& f) : threads_(threads), alone_(threads.in_use_) {
      threads_.f_ = std::cref(f);
    }
    in_use(in_use const&) = delete;
    in_use& operator=(in_use const&) = delete;
    ~in_use() {
      std::unique_lock lock(threads_.mutex_);
      threads_.waiting_.clear();
      threads_.ended_.wait(lock, [&] { return threads_.running_ == 0; });
      threads_.done_.clear(), threads_.failed_ = nullptr;
    }
    void begin(int i) const {
      std::scoped_lock lock(threads_.mutex_);
      threads_.waiting_.push_back(i);
      threads_.began_.notify_one();
    }
    /// The next that is done. Raises what any has raised, of several the lowest, once all have ended.
    int next() const {
      std::unique_lock lock(threads_.mutex_);
      threads_.ended_.wait(lock, [&] { return !threads_.done_.empty() || threads_.failed_; });
      if (threads_.failed_) fail(lock);
      int const i = threads_.done_.front();
      threads_.done_.pop_front();
      return i;
    }
    /// Until all are done.
    void rest() const {
      std::unique_lock lock(threads_.mutex_);
      fail(lock);
    }

   private:
    void fail(std::unique_lock<std::mutex>& lock) const {
      threads_.ended_.wait(lock, [&] { return threads_.waiting_.empty() && threads_.running_ == 0; });
      if (threads_.failed_) std::rethrow_exception(std::exchange(threads_.failed_, nullptr));
    }
    lane_threads& threads_;
    std::scoped_lock<std::mutex> alone_;
  };

 private:
  void work(std::stop_token stopped) {
    std::unique_lock lock(mutex_);
    while (began_.wait(lock, stopped, [&] { return !waiting_.empty(); })) {
      int const i = waiting_.front();
      waiting_.pop_front();
      ++running_;
      lock.unlock();
      std::exception_ptr raised;
      try {
        f_(i);
      } catch (...) {
        raised = std::current_exception();
      }
      lock.lock();
      --running_;
      if (!raised) done_.push_back(i);
      else if (!failed_ || i < failed_at_) failed_ = raised, failed_at_ = i;
      ended_.notify_one();
    }
  }

  std::mutex in_use_, mutex_;
  std::condition_variable_any began_;
  std::condition_variable ended_;
  std::function<void(int)> f_;
  std::deque<int> waiting_, done_;
  int running_ = 0, failed_at_ = 0;
  std::exception_ptr failed_;
  std::vector<std::jthread> threads_;  // last, so that they end before what they use
};

/// On how many threads an environment asks to be stepped; 1 where it does not.
template <class E>
int step_threads_of(E const& e) {
  if constexpr (requires { e.step_threads(); }) return e.step_threads();
  else return 1;
}
/// Whether each of its lanes goes on as soon as its own step is done, where a rollout can do so (`lanes`).
template <class E>
bool steps_asynchronously(E const& e) {
  if constexpr (requires { e.asynchronous_steps(); }) return e.asynchronous_steps() && step_threads_of(e) > 1;
  else return false;
}

}  // namespace COHORT_NAMESPACE::detail
