#pragma once
#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdio>

#include "../program/memory.hpp"

namespace program {

/// How many tokens went in and came out, since when, and with how much memory.
class token_usage {
  using clock = std::chrono::steady_clock;
  clock::time_point start_ = clock::now();
  std::size_t read_ = 0, written_ = 0;

 public:
  void add(std::size_t read, std::size_t written) { read_ += read, written_ += written; }
  /// One line on stderr.
  void print() const {
    double const seconds = std::chrono::duration<double>(clock::now() - start_).count();
    rusage most{};
    getrusage(RUSAGE_SELF, &most);
    std::fprintf(stderr, "[%zu tokens read, %zu written, %.1f s, %s of memory at most]\n", read_, written_, seconds,
                 binary_size(1024. * double(most.ru_maxrss)).c_str());
  }
};

}  // namespace program
