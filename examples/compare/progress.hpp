#pragma once
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

#include "settings.hpp"

namespace compare {

/// One line on stderr: how many jobs are done, what is being trained, how long the rest may take. Silent where stderr
/// is not a terminal.
class progress {
 public:
  explicit progress(std::size_t jobs) : total(jobs) {}
  progress(progress const&) = delete;
  progress& operator=(progress const&) = delete;
  ~progress() { show(""); }

  void started(job const& one) {
    std::lock_guard const lock{mutex};
    current = one;
    show(line());
  }

  void finished(job const&) {
    std::lock_guard const lock{mutex};
    ++done;
    show(line());
  }

 private:
  std::string line() const {
    constexpr std::size_t width = 24;
    auto const filled = total ? done * width / total : 0;
    std::string text = "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " + std::to_string(done) +
                       "/" + std::to_string(total) + " runs, " + current.algorithm + " seed " +
                       std::to_string(current.seed);
    if (done) {
      std::chrono::duration<double> const spent = std::chrono::steady_clock::now() - begin;
      text += ", " + clock(spent.count() * static_cast<double>(total - done) / static_cast<double>(done)) + " left";
    }
    return text.substr(0, 79);
  }

  void show(std::string const& text) const {
    if (!terminal) return;
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
  }

  bool terminal = ::isatty(STDERR_FILENO) != 0;
  std::size_t total;
  std::size_t done = 0;
  job current{};
  std::mutex mutex;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
};

}  // namespace compare
