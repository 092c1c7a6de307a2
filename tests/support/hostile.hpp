#pragma once
#include <atomic>
#include <cohort/language/reward/sandbox/sandbox.hpp>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "files.hpp"
#include "paths.hpp"

// The programs of tests/support/hostile.cpp, and how each is held back.
namespace hostile {

struct attempt {
  std::string what, with;
  std::string inside;   ///< what it prints in the sandbox; after a number where it counts; or "=" and how it ended
  std::string outside;  ///< what it prints without; empty: too dangerous to try, the error alone says who held it back
  int lowest = 0, highest = 0;  ///< of the number before
  std::string or_inside{};
};

inline cohort::sandbox_limits limits() {
  return {
      .wall_seconds = 20, .cpu_seconds = 2, .memory = 64 << 20, .file = 8 << 20, .output = 1 << 20, .processes = 12};
}
inline cohort::sandbox box() { return cohort::sandbox({.folder = 8 << 20, .files = 100}); }
inline std::vector<cohort::sandbox_file> program() {
  return {{"hostile", files::get(paths::program("hostile")), true}};
}

/// `file` is one that anyone may read, `fresh` a path where anyone may write, `port` one on which somebody listens.
inline std::vector<attempt> attempts(std::string const& file, std::string const& fresh, int port, int victim) {
  auto const n = [](int x) { return std::to_string(x); };
  return {
      {"forks", "40", "EAGAIN", "did it", 8, 11},
      {"threads", "40", "EAGAIN", "did it", 8, 11},
      {"socket", "2", "EPERM", "did it"},
      {"socket", "1", "EPERM", "did it"},
      {"socket", "16", "EPERM", "did it"},
      {"socketpair", "", "EPERM", "did it"},
      {"connects", n(port), "EPERM", "did it"},
      {"reads", file, "ENOENT", "did it"},
      {"climbs", file, "ENOENT", "did it"},
      {"links", file, "ENOENT", "did it"},
      {"reads", "/etc/passwd", "ENOENT", "did it"},
      {"reads", "/etc/shadow", "ENOENT", ""},
      {"reads", "/root", "ENOENT", ""},
      {"reads", "/home", "ENOENT", ""},
      {"reads", "/proc/self/mem", "ENOENT", "did it"},
      {"reads", "/proc/1/environ", "ENOENT", ""},
      {"reads", "/sys/kernel", "ENOENT", "did it"},
      {"writes", fresh, "ENOENT", "did it"},
      {"writes", "/usr/hostile", "EROFS", ""},
      {"writes", "/hostile", "EROFS", ""},
      {"writes", "/dev/hostile", "EROFS", ""},
      {"writes", "/proc/sysrq-trigger", "ENOENT", ""},
      {"removes", "/usr/bin/env", "EROFS", ""},
      {"loops", "", "=wall_time", "looping", 0, 0, "=cpu_time"},
      {"sleeps", "", "=wall_time", "-"},
      {"prints", "1000", "=output", "-"},
      {"prints_errors", "1000", "=output", "-"},
      {"big_output", "4", "=output", "-"},
      {"fills", "12", "ENOSPC", "did it"},
      {"many_files", "200", "ENOSPC", "did it"},
      {"big_file", "100", "EFBIG", "did it"},
      {"kills_parent", "", "1", "-"},
      {"stops_parent", "", "did it", "-"},  // the sandbox's first process is stopped by nothing from within
      {"kills", n(victim), "ESRCH", "-"},
      {"traces", "", "EPERM", "did it"},
      {"reads_memory", "", "EPERM", "did it"},
      {"unshares", "", "EPERM", "did it"},
      {"clones", "", "EPERM", "did it"},
      {"clones3", "", "ENOSYS", "did it"},
      {"mounts", "", "EPERM", "did it"},
      {"changes_root", "", "EPERM", "did it"},
      {"becomes_root", "", "EINVAL", ""},
      {"is_nosuid", "", "did it", ""},
      {"may_gain_rights", "", "no", "did it"},
      {"makes_device", "", "EPERM", ""},
      {"touches", "100", "ENOMEM", "did it"},
      {"touches_together", "16", "=memory", "did it"},
      {"shares", "16", "=memory", "did it"},
      {"inherits", "30", "did it", "did it"},  // what is shared counts once
      {"memory_file", "", "EPERM", "did it"},
      {"shared_segment", "", "EPERM", "did it"},
      {"opens_bpf", "", "EPERM", ""},
      {"opens_ring", "", "ENOSYS", ""},
      {"keys", "", "EPERM", ""},
      {"names_host", "", "EPERM", "did it"},
      {"limits_first", "1", "EPERM", ""},
      {"limits_first", "", "EPERM", "did it"},
      {"raises_limit", "", "EPERM", ""},
      {"types", "", "EPERM", ""},
      {"writes_input", "", "EPERM", ""},
      {"old_call", "", "=signaled 31", "-"},
      {"open_files", "", "none", "did it"},
      {"secret", "", "none", "did it"},
  };
}

inline std::string name_of(cohort::sandbox_end end) {
  char const* const names[] = {"exited", "signaled", "wall_time", "cpu_time", "memory",
                               "output", "lost",     "not_run",   "not_found"};
  return names[int(end)];
}

/// Why a program was not held back as it should be; empty where it was.
inline std::string not_held_back(attempt const& a, std::vector<cohort::sandbox_file> const& files) {
  cohort::sandbox_step step{.command = {"./hostile", a.what, a.with}, .input = "in", .limits = limits()};
  if (a.inside == "=wall_time") step.limits.wall_seconds = .3;
  auto const r = box().run(files, std::span(&step, 1)).at(0);
  std::string const end = "=" + name_of(r.end) + (r.status ? " " + std::to_string(r.status) : "");
  bool good;
  if (a.inside[0] == '=') {
    good = end == a.inside || end == a.or_inside;
  } else if (a.highest > 0) {
    std::istringstream words(r.out);
    int count = -1;
    std::string error;
    words >> count >> error;
    good = count >= a.lowest && count <= a.highest && error == a.inside;
  } else {
    good = r.ok() && r.out == a.inside + "\n";
  }
  if (good) return "";
  return a.what + " " + a.with + ": " + end + " after " + std::to_string(r.wall_seconds) + " s, printed " +
         r.out.substr(0, 100) + r.err.substr(0, 100) + ", expected " + a.inside;
}

/// Runs all in the sandbox; what was not held back, or not as it should be, is told.
inline std::vector<std::string> not_held_back(std::vector<attempt> const& all) {
  std::vector<std::string> told;
  auto const files = program();
  std::mutex lock;
  std::atomic<std::size_t> next = 0;
  auto const work = [&] {
    for (std::size_t i; (i = next++) < all.size();)
      if (auto const wrong = not_held_back(all[i], files); !wrong.empty()) {
        std::lock_guard const held(lock);
        told.push_back(wrong);
      }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) workers.emplace_back(work);
  for (auto& w : workers) w.join();
  return told;
}

}  // namespace hostile
