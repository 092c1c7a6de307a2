#pragma once
#include <cohort/hook/stop_on_signal.hpp>

namespace program {

/// SIGINT or SIGTERM, whichever came since `catch_signals`; 0 for neither.
inline int signal_seen() { return cohort::detail::signal_noted; }
inline char const* signal_name() { return signal_seen() == SIGINT ? "SIGINT" : "SIGTERM"; }

/// From now on the first SIGINT or SIGTERM is only noted, for a program to write what it has; a second one ends it.
inline void catch_signals() { static cohort::stop_on_signal const until_the_end; }

}  // namespace program
