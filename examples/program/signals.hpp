#pragma once
#include <atomic>
#include <csignal>

namespace program {

namespace detail {
inline std::atomic<int> signal = 0;
static_assert(std::atomic<int>::is_always_lock_free, "or a signal's handler may not write it");
}  // namespace detail

/// SIGINT or SIGTERM, whichever came since `catch_signals`; 0 for neither.
inline int signal_seen() { return detail::signal; }
inline char const* signal_name() { return signal_seen() == SIGINT ? "SIGINT" : "SIGTERM"; }

/// From now on the first SIGINT or SIGTERM is only noted, for a program to write what it has; a second one ends it.
inline void catch_signals() {
  for (int const one : {SIGINT, SIGTERM}) {
    struct sigaction now{}, before{};
    ::sigaction(one, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;  // as whoever started the program has it
    now.sa_handler = [](int which) {
      if (detail::signal.exchange(which) == 0) return;
      std::signal(which, SIG_DFL);
      std::raise(which);
    };
    now.sa_flags = SA_RESTART;
    ::sigaction(one, &now, nullptr);
  }
}

}  // namespace program
