#pragma once
#include <cohort/environment/wrapper/wrapper.hpp>

namespace COHORT_NAMESPACE {

/// A plain environment whose lanes are stepped and started on so many threads, whichever is free taking the next lane:
/// for steps that take long (a simulator) or whose lengths differ. The numbers stay the same. Its const members are
/// called from several threads at once, each with a state of its own.
///
///     on_threads{simulator{}, 8}
///     on_threads{simulator{}, 8, true}   // asynchronous
///
/// Asynchronously, in rollouts of `lanes`, no lane waits for another one's step: its next action follows its own step
/// at once, so that a rollout takes as long as the slowest lane's steps together, not as the slowest lane of each step.
/// Each lane makes its T steps whatever their order in time, with the draws that it has otherwise; the policy sees one
/// observation at a time, which pays where a step takes longer than that.
template <class E>
struct on_threads : detail::wrapper<E> {
  static_assert(!detail::generic_state<E>,
                "on_threads: a scalar-generic environment steps in SIMD lanes; on_host{e} makes a plain one of it");
  int threads;
  bool asynchronous;

  on_threads(E e, int n, bool a = false) : detail::wrapper<E>(std::move(e)), threads(n), asynchronous(a) {}
  int step_threads() const { return threads; }
  bool asynchronous_steps() const { return asynchronous; }
  void check() const {
    detail::require(threads >= 1 && threads <= 1024, "on_threads", "threads", threads, "1 to 1024");
    detail::wrapper<E>::check();
  }
};

}  // namespace COHORT_NAMESPACE
