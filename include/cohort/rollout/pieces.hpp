#pragma once
#include <cohort/compiler.hpp>
#include <coroutine>
#include <cstdint>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// Work that can be cut: a coroutine that pauses between two of its pieces and goes on where it was. (With `co_await
/// pause`, since nvcc cannot compile a co_yield in a template.)
class pieces {
 public:
  struct promise_type {
    pieces get_return_object() { return pieces(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };

  pieces() = default;
  pieces(pieces&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
  pieces& operator=(pieces&& other) noexcept {
    std::swap(at_, other.at_);
    return *this;
  }
  ~pieces() {
    if (at_) at_.destroy();
  }

  explicit operator bool() const { return bool(at_); }
  /// Does the next piece; false where it was the last one.
  bool next() {
    at_.resume();
    return !at_.done();
  }
  void finish() {
    while (next()) {
    }
  }

 private:
  explicit pieces(std::coroutine_handle<promise_type> at) : at_(at) {}
  std::coroutine_handle<promise_type> at_;
};
inline constexpr std::suspend_always pause{};

/// A rollout in pieces, or in one where the collector has nothing but collect; `batch` is what it gives.
template <class Collector, class B, class Policy, class Summary, class Batch>
pieces collect_in_pieces(Collector& collector, B& backend, Policy& policy, std::int64_t budget, Summary& summary,
                         Batch*& batch) {
  if constexpr (requires { collector.collecting(backend, policy, budget, summary); }) {
    auto work = collector.collecting(backend, policy, budget, summary);
    while (work.next()) co_await pause;
    batch = &collector.collected();
  } else {
    batch = &collector.collect(backend, policy, budget, summary);
  }
  co_return;
}

}  // namespace COHORT_NAMESPACE::detail
