#pragma once
#include <cohort/compare/text.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "signals.hpp"

/// How every program here ends, and what it says then.
namespace program {

inline constexpr int done = 0, failed = 1, wrong_arguments = 2;  // 128 + n: stopped by signal n

inline constexpr char exit_statuses[] =
    "Exit status: 0 done; 1 failed: a file, a folder, memory, or a number that is not finite; 2 wrong arguments, and\n"
    "nothing was done; 130 and 143 stopped by SIGINT and SIGTERM, and what was done until then is written.";

/// Wrong arguments, by themselves: whatever files there are.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using cohort::comparing::one_line;

/// A line, or more, that whoever reads stdout has at once.
inline void print(std::string const& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw std::runtime_error("can't write to stdout");
}

/// Calls f and gives the exit status, with one line on stderr where it throws.
template <class F>
int guarded(std::string const& program, F f) {
  auto fail = [&](int status, std::string const& what) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), one_line(what).c_str());
    return status;
  };
  try {
    f();
    return signal_seen() ? 128 + signal_seen() : done;
  } catch (usage_error const& error) {
    return fail(wrong_arguments, error.what());
  } catch (std::bad_alloc const&) {
    return fail(failed, "there is not enough memory");
  } catch (std::exception const& error) {
    return fail(failed, error.what());
  }
}

}  // namespace program
