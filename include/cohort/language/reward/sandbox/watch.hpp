#pragma once
#if defined(__linux__)
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace COHORT_NAMESPACE::detail {

/// What the processes of a process namespace take, all but its first, by its /proc. Without allocating.
class process_watch {
 public:
  explicit process_watch(int proc)
      : proc_(proc), page_(::getauxval(AT_PAGESZ)), tick_(1. / double(::getauxval(AT_CLKTCK))) {}

  struct taken {
    std::size_t memory = 0;  ///< resident, what is shared counted once for each
    double cpu_seconds = 0;  ///< of those that live, and of their children that ended
  };
  taken all() const {
    taken sum;
    each([&](char const* process) {
      char text[1024];
      if (read(process, "/statm", text)) {
        char const* at = text;
        next_number(at);
        sum.memory += std::size_t(next_number(at)) * page_;
      }
      if (read(process, "/stat", text)) {
        char const* at = std::strrchr(text, ')');  // a program's name may have spaces and parentheses
        if (!at) return;
        at += 3;  // and its state
        for (int field = 4; field < 14; ++field) next_number(at);
        for (int field = 14; field < 18; ++field) sum.cpu_seconds += double(next_number(at)) * tick_;
      }
    });
    return sum;
  }
  /// Resident, what is shared counted once; slower.
  std::size_t memory() const {
    std::size_t sum = 0;
    each([&](char const* process) {
      char text[2048];
      if (!read(process, "/smaps_rollup", text)) return;
      if (char const* at = std::strstr(text, "\nPss:")) sum += std::size_t(next_number(at += 5)) * 1024;
    });
    return sum;
  }

 private:
  /// The next number of a text, signs and spaces before it skipped.
  static std::uint64_t next_number(char const*& at) {
    while (*at != 0 && (*at < '0' || *at > '9')) ++at;
    std::uint64_t x = 0;
    for (; *at >= '0' && *at <= '9'; ++at) x = 10 * x + std::uint64_t(*at - '0');
    return x;
  }
  template <std::size_t N>
  bool read(char const* process, char const* name, char (&text)[N]) const {
    char path[64];
    std::strcpy(path, process);
    std::strcat(path, name);
    int const file = ::openat(proc_, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    std::size_t size = 0;
    for (::ssize_t n; size < N - 1 && (n = ::read(file, text + size, N - 1 - size)) > 0;) size += std::size_t(n);
    ::close(file);
    text[size] = 0;
    return size > 0;
  }
  template <class F>
  void each(F const& f) const {
    alignas(8) char entries[4096];
    ::lseek(proc_, 0, SEEK_SET);
    for (long size; (size = ::syscall(SYS_getdents64, proc_, entries, sizeof entries)) > 0;)
      for (long at = 0; at < size;) {
        std::uint16_t length;
        std::memcpy(&length, entries + at + 16, 2);
        char const* const name = entries + at + 19;
        if (*name >= '1' && *name <= '9' && std::strcmp(name, "1") != 0 && std::strlen(name) < 20) f(name);
        at += length;
      }
  }

  int proc_;
  std::size_t page_;
  double tick_;
};

}  // namespace COHORT_NAMESPACE::detail
#endif
