#pragma once
#include <atomic>
#include <cohort/compiler.hpp>
#include <csignal>

namespace COHORT_NAMESPACE {

namespace detail {

inline std::atomic<int> signal_noted = 0;
static_assert(std::atomic<int>::is_always_lock_free, "or a signal's handler may not write it");

}  // namespace detail

/// A hook of train that stops it after the update in which SIGINT (Ctrl-C) or SIGTERM came; a second one ends the
/// program. As long as it lives, it handles both signals, unless who started the program had them ignored, and then
/// puts back what was there. One at a time; nothing else in the library handles signals.
///
///     stop_on_signal signals;
///     train(cpu, ppo, environment, policy, options, kept, signals);
///     return signals.exit_status();   // 130 after SIGINT, 143 after SIGTERM, 0 without
class stop_on_signal {
 public:
  stop_on_signal() {
    detail::signal_noted = 0;
    for (int i = 0; i < 2; ++i) {
      before_[i] = std::signal(which[i], note);
      if (before_[i] == SIG_IGN) std::signal(which[i], SIG_IGN);
    }
  }
  stop_on_signal(stop_on_signal const&) = delete;
  ~stop_on_signal() {
    for (int i = 0; i < 2; ++i)
      if (before_[i] != SIG_ERR) std::signal(which[i], before_[i]);
  }

  /// The one that came, or 0.
  int seen() const { return detail::signal_noted; }
  int exit_status() const { return seen() ? 128 + seen() : 0; }

  template <class Report>
  bool on_update(Report const&) const {
    return seen() != 0;
  }

 private:
  static void note(int signal) {
    if (detail::signal_noted.exchange(signal) == 0) {
      std::signal(signal, note);  // where a handler serves one signal only
      return;
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  static constexpr int which[] = {SIGINT, SIGTERM};
  void (*before_[2])(int) = {SIG_ERR, SIG_ERR};
};

}  // namespace COHORT_NAMESPACE
