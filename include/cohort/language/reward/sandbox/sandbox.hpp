#pragma once
#if defined(__linux__)
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cohort/file/descriptor.hpp>
#include <cohort/language/reward/sandbox/call_filter.hpp>
#include <cohort/language/reward/sandbox/first_process.hpp>
#endif
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cohort/language/reward/sandbox/sandbox_types.hpp>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// Runs programs that nobody trusts, each run in a folder in memory that is gone afterwards:
///
///     sandbox box;
///     auto results = box.run({{{"main.py", "print(1)"}}}, {{{.command = {"python3", "main.py"}}}});
///
/// A program has namespaces of its own of users, processes, mounts, networks, IPC, host names and cgroups; it sees the
/// system's /usr and what `readable` names, read only, five devices, and its folder /box (and /tmp, the same), and no
/// /proc; it has no capability, cannot get one, and may not make the calls of refused_calls. It is no user of the
/// system where we are the superuser, and else the same user without a way to anything of his. All its processes are
/// killed with the step. docs/rewards.md says what that holds back, and what not.
///
/// Needs Linux 5.14 on x86-64 or ARM64 with user namespaces. What is missing is a sandbox_error, and then nothing was
/// run. Safe from several threads.
class sandbox {
 public:
  explicit sandbox(sandbox_options options = {}) : options_(std::move(options)) {
    for (auto const& path : options_.readable)
      if (path.empty() || path[0] != '/' || !std::filesystem::exists(path) ||
          std::filesystem::path(path).lexically_normal() != path)
        throw value_error("sandbox: readable has \"" + path + "\", expected a full path of what is there");
    for (auto const& one : options_.environment)
      if (one.find('=') == one.npos || one[0] == '=')
        throw value_error("sandbox: environment has \"" + one + "\", expected NAME=VALUE");
    detail::require(options_.files > 0, "sandbox", "files", options_.files, "a positive number");
    detail::require(options_.folder >= 4096, "sandbox", "folder", double(options_.folder), "4096 bytes or more");
  }

  /// Runs the steps one after the other in one folder that has the files at first.
  std::vector<sandbox_result> run(std::vector<sandbox_file> files, std::span<sandbox_step const> steps) const;

 private:
  sandbox_options options_;
};

#if !defined(__linux__)
inline std::vector<sandbox_result> sandbox::run(std::vector<sandbox_file>, std::span<sandbox_step const>) const {
  throw sandbox_error("sandbox: it needs Linux");
}
#else
namespace detail {

/// What stands in the new root, the folders before what is in them.
inline std::vector<sandbox_entry> sandbox_entries(std::vector<std::string> const& readable) {
  namespace fs = std::filesystem;
  std::vector<sandbox_entry> entries;
  std::set<std::string> there{"/"};
  auto const folder = [&](fs::path const& path, auto const& self) -> void {
    if (there.contains(path.string())) return;
    self(path.parent_path(), self);
    there.insert(path.string());
    entries.push_back({sandbox_entry::folder, path.string(), {}});
  };
  auto const add = [&](std::string const& path) {
    std::error_code none;
    for (auto const& other : there)  // within what is mounted already, or a folder that was needed for another
      if (other != "/" && (path == other || path.starts_with(other + "/")) &&
          std::any_of(entries.begin(), entries.end(),
                      [&](auto const& e) { return e.path == other && e.kind == sandbox_entry::mount_folder; }))
        return;
    if (fs::is_symlink(path, none)) {
      folder(fs::path(path).parent_path(), folder);
      if (there.insert(path).second) entries.push_back({sandbox_entry::link, path, fs::read_symlink(path)});
    } else if (fs::exists(path, none)) {
      folder(fs::path(path).parent_path(), folder);
      bool const is_folder = fs::is_directory(path, none);
      if (there.insert(path).second)
        entries.push_back({is_folder ? sandbox_entry::mount_folder : sandbox_entry::mount_file, path, path});
    }
  };
  for (char const* path :
       {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache"})
    add(path);
  for (auto const& path : readable) add(path);
  folder("/dev", folder), folder("/box", folder);
  for (char const* name : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"})
    entries.push_back({sandbox_entry::device, name, name});
  if (!there.contains("/tmp")) entries.push_back({sandbox_entry::link, "/tmp", "box"});
  return entries;
}

/// A file in memory, with a text or empty; nobody may change the one with a text.
inline descriptor memory_file(std::string const* text) {
  descriptor made(int(::memfd_create("cohort", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  // Not among the first three, into whose places it is put.
  descriptor file(made.get() < 0 ? -1 : ::fcntl(made.get(), F_DUPFD_CLOEXEC, 3));
  bool good = file.get() >= 0;
  if (good && text)
    good = write_all(file.get(), *text) && ::lseek(file.get(), 0, SEEK_SET) == 0 &&
           ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  if (!good) throw sandbox_error("sandbox: a file in memory cannot be made: " + system_says(errno));
  return file;
}
inline std::string content_of(descriptor const& file, std::size_t most) {
  std::string text(most, '\0');
  std::size_t size = 0;
  for (::ssize_t n; size < most && (n = ::pread(file.get(), text.data() + size, most - size, ::off_t(size))) > 0;)
    size += std::size_t(n);
  text.resize(size);
  return text;
}

inline void check_step(sandbox_step const& step) {
  if (step.command.empty() || step.command[0].empty()) throw value_error("sandbox: a step's command names no program");
  auto const& l = step.limits;
  auto const need = [](char const* name, double x, bool good, char const* expected) {
    require(good, "sandbox", name, x, expected);
  };
  need("wall_seconds", l.wall_seconds, l.wall_seconds > 0 && l.wall_seconds < 1e6, "a positive number below 1e6");
  need("cpu_seconds", l.cpu_seconds, l.cpu_seconds > 0 && l.cpu_seconds < 1e6, "a positive number below 1e6");
  need("memory", double(l.memory), l.memory >= 1 << 20, "1 MiB or more");
  need("output", double(l.output), l.output > 0 && l.output <= l.file, "a number of bytes, at most those of a file");
  need("processes", l.processes, l.processes > 0, "a positive number");
}

/// Makes the process that `plan` is for, and gives its number.
inline ::pid_t start_sandbox(sandbox_plan& plan, sandbox_report& report) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw sandbox_error("sandbox: no pipe can be made: " + system_says(errno));
  descriptor theirs(ends[0]), ours(ends[1]);
  plan.go = theirs.get();
  sigset_t all, before;  // our handlers are not to run in the child
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  constexpr long own = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                       0x02000000 /* CLONE_NEWCGROUP */;
  auto const child = ::pid_t(::syscall(SYS_clone, own | SIGCHLD, 0, 0, 0, 0));
  if (child == 0) {
    ::close(ends[1]);
    first_process(plan, report);
  }
  int const error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child < 0)
    throw sandbox_error("sandbox: no process with namespaces of its own can be made: " + system_says(error) +
                        " (user namespaces may be off, or forbidden to this process)");
  auto const give_up = [&](std::string const& what) {
    int const why = errno;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, __WALL);
    throw sandbox_error("sandbox: " + what + ": " + system_says(why));
  };
  auto const map = [&](char const* name, std::string const& text) {
    std::string const path = "/proc/" + std::to_string(child) + "/" + name;
    descriptor const file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0 || !write_all(file.get(), text)) give_up(path + " cannot be written");
  };
  auto const one = [](unsigned outer) { return std::to_string(inner_id) + " " + std::to_string(outer) + " 1"; };
  if (!plan.superuser) map("setgroups", "deny");
  map("uid_map", one(plan.superuser ? outer_nobody : ::geteuid()));
  map("gid_map", one(plan.superuser ? outer_nobody : ::getegid()));
  if (!write_all(ours.get(), "x")) give_up("its first process ended");
  return child;
}

/// Waits for it; kills it where it takes longer.
inline void end_sandbox(::pid_t child, double seconds) {
  double const until = monotonic_seconds() + seconds;
  constexpr long pidfd_open_call = 434;
  descriptor const watched(int(::syscall(pidfd_open_call, child, 0)));
  int status;
  for (::pid_t ended; (ended = ::waitpid(child, &status, WNOHANG | __WALL)) == 0 || (ended < 0 && errno == EINTR);) {
    double const left = until - monotonic_seconds();
    if (left <= 0) ::kill(child, SIGKILL);
    pollfd polled{watched.get(), POLLIN, 0};
    ::poll(&polled, watched.get() >= 0, watched.get() >= 0 ? int(std::clamp(left, .01, 60.) * 1000) : 5);
  }
}

}  // namespace detail

inline std::vector<sandbox_result> sandbox::run(std::vector<sandbox_file> files,
                                                std::span<sandbox_step const> steps) const {
  using namespace detail;
  if (own_architecture == 0) throw sandbox_error("sandbox: it knows the system calls of x86-64 and ARM64 alone");
  sandbox_plan plan;
  plan.superuser = ::geteuid() == 0;
  plan.entries = sandbox_entries(options_.readable);
  plan.filter = call_filter();
  plan.folder_options =
      "size=" + std::to_string(options_.folder) + ",nr_inodes=" + std::to_string(options_.files) + ",mode=755";
  plan.files = std::move(files);
  for (auto const& file : plan.files)
    if (file.name.empty() || file.name.find('/') != file.name.npos || file.name == "." || file.name == "..")
      throw value_error("sandbox: a file is named \"" + file.name + "\", expected a name without folders");
  std::vector<std::string> environment{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/box", "TMPDIR=/box", "LANG=C.UTF-8"};
  environment.insert(environment.end(), options_.environment.begin(), options_.environment.end());
  for (auto& one : environment) plan.environment.push_back(one.data());
  plan.environment.push_back(nullptr);

  std::vector<descriptor> open;
  double seconds = 30;  // more than the steps may take by themselves, for the sandbox's own work
  for (auto const& step : steps) {
    check_step(step);
    planned_step planned{{}, {}, step.limits, step.needed, -1, -1, -1};
    for (auto const& word : step.command) planned.words.push_back(const_cast<char*>(word.c_str()));
    planned.words.push_back(nullptr);
    if (step.command[0].find('/') != std::string::npos) planned.programs = {step.command[0]};
    else
      for (char const* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"})
        planned.programs.push_back(folder + step.command[0]);
    for (int* to : {&planned.in, &planned.out, &planned.err})
      *to = open.emplace_back(memory_file(to == &planned.in ? &step.input : nullptr)).get();
    plan.steps.push_back(std::move(planned));
    seconds += step.limits.wall_seconds;
  }
  if (steps.empty()) return {};

  std::size_t const bytes = sizeof(sandbox_report) + steps.size() * sizeof(step_report);
  void* const shared = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw sandbox_error("sandbox: no memory can be shared: " + system_says(errno));
  auto const release = [bytes](void* p) { ::munmap(p, bytes); };
  std::unique_ptr<void, decltype(release)> const held(shared, release);
  auto& report = *::new (shared) sandbox_report;
  auto* const reports = report.steps;
  for (std::size_t i = 1; i < steps.size(); ++i) ::new (static_cast<void*>(reports + i)) step_report;

  end_sandbox(start_sandbox(plan, report), seconds);
  if (report.failed)
    throw sandbox_error(std::string("sandbox: its process cannot ") + report.failed +
                        (report.path[0] ? std::string(" ") + report.path : "") + ": " + system_says(report.error));
  std::vector<sandbox_result> results;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto const& r = reports[i];
    std::size_t const most = steps[i].limits.output;
    results.push_back({r.end, r.status, content_of(open[3 * i + 1], most), content_of(open[3 * i + 2], most),
                       r.wall_seconds, r.cpu_seconds, r.memory});
  }
  return results;
}
#endif

}  // namespace COHORT_NAMESPACE
