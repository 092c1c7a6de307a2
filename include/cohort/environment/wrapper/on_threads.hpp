#pragma once
#include <cohort/environment/wrapper/wrapper.hpp>

namespace COHORT_NAMESPACE {

/// A plain environment whose lanes are stepped and started on so many threads, whichever is free taking the next lane:
/// for steps that take long (a simulator) or whose lengths differ. The numbers stay the same. Its const members are
/// called from several threads at once, each with a state of its own.
///
///     on_threads{simulator{}, 8}
template <class E>
struct on_threads : detail::wrapper<E> {
  static_assert(!detail::generic_state<E>,
                "on_threads: a scalar-generic environment steps in SIMD lanes; on_host{e} makes a plain one of it");
  int threads;

  on_threads(E e, int n) : detail::wrapper<E>(std::move(e)), threads(n) {}
  int step_threads() const { return threads; }
  void check() const {
    detail::require(threads >= 1 && threads <= 1024, "on_threads", "threads", threads, "1 to 1024");
    detail::wrapper<E>::check();
  }
};

}  // namespace COHORT_NAMESPACE
