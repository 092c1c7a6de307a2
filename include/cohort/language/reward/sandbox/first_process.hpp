#pragma once
#if defined(__linux__)
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cmath>
#include <cohort/language/reward/sandbox/new_root.hpp>
#include <cohort/language/reward/sandbox/watch.hpp>
#include <csignal>
#include <cstddef>

// What runs in the sandbox before and beside the program. It was made by the bare call clone out of a process with
// threads: it must not allocate, lock, or call what the C library tells its other threads of (setresuid), who are not
// there.

namespace COHORT_NAMESPACE::detail {

inline double monotonic_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}
inline long bare_fork() { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

inline bool set_limit(int which, std::size_t soft, std::size_t hard) {
  rlimit limit{};
  if (::getrlimit(__rlimit_resource_t(which), &limit) != 0) return false;
  limit = {rlim_t(soft) < limit.rlim_max ? rlim_t(soft) : limit.rlim_max,
           rlim_t(hard) < limit.rlim_max ? rlim_t(hard) : limit.rlim_max};
  return ::setrlimit(__rlimit_resource_t(which), &limit) == 0;
}

/// No capability, now or by executing something, and no call that the filter refuses; and looks whether it is so.
inline void give_up_rights(sandbox_plan const& plan, must const& must) {
  must("set no_new_privs", ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    must("drop a capability", ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0);
  must("drop ambient capabilities", ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  must("drop all capabilities", ::syscall(SYS_capset, &header, data) == 0);
  sock_fprog const program{static_cast<unsigned short>(plan.filter.size()),
                           const_cast<sock_filter*>(plan.filter.data())};
  must("filter system calls", ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);

  must("be without capabilities",
       ::syscall(SYS_capget, &header, data) == 0 && (data[0].permitted | data[1].permitted | data[0].effective) == 0);
  must("be refused a socket", ::socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
  must("be refused a mount namespace", ::syscall(SYS_unshare, 0x00020000) < 0 && errno == EPERM);
}

[[noreturn]] inline void become_program(sandbox_plan const& plan, planned_step const& step, step_report& result,
                                        must const& must) {
  must("begin a session", ::setsid() >= 0);
  must("open stdin, stdout and stderr",
       ::dup2(step.in, 0) == 0 && ::dup2(step.out, 1) == 1 && ::dup2(step.err, 2) == 2);
  constexpr long close_range_call = 436;
  must("close the other files", ::syscall(close_range_call, 3u, ~0u, 0u) == 0);
  must("enter the folder", ::chdir("/box") == 0);
  ::umask(022);
  auto const& limits = step.limits;
  auto const seconds = std::size_t(std::ceil(limits.cpu_seconds));
  must("limit what a process takes",
       set_limit(RLIMIT_CPU, seconds, seconds + 1) && set_limit(RLIMIT_AS, limits.memory, limits.memory) &&
           set_limit(RLIMIT_FSIZE, limits.file, limits.file) &&
           set_limit(RLIMIT_NPROC, std::size_t(limits.processes) + 1, std::size_t(limits.processes) + 1) &&
           set_limit(RLIMIT_NOFILE, 64, 64) && set_limit(RLIMIT_MEMLOCK, 0, 0) && set_limit(RLIMIT_MSGQUEUE, 0, 0) &&
           set_limit(RLIMIT_SIGPENDING, 256, 256) &&
           // At 1 no core is written, and none is handed to the system's program for them either.
           set_limit(RLIMIT_CORE, 1, 1));
  for (int s = 1; s < 65; ++s) {
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    ::sigaction(s, &plain, nullptr);
  }
  give_up_rights(plan, must);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int error = ENOENT;
  for (auto const& path : step.programs) {
    ::execve(path.c_str(), step.words.data(), plan.environment.data());
    if (errno != ENOENT) error = errno;
  }
  result.end = sandbox_end::not_found;
  result.status = error;
  ::_exit(127);
}

inline bool too_long(int file, std::size_t most) {
  struct stat about{};
  return ::fstat(file, &about) != 0 || std::size_t(about.st_size) > most;
}

/// Runs a step, and leaves no process of it.
inline void run_step(sandbox_plan const& plan, planned_step const& step, step_report& result,
                     process_watch const& watch, must const& must) {
  double const begin = monotonic_seconds();
  long const program = bare_fork();
  must("make a process", program >= 0);
  if (program == 0) become_program(plan, step, result, must);

  auto const& limits = step.limits;
  sigset_t child;
  ::sigemptyset(&child), ::sigaddset(&child, SIGCHLD);
  double reaped = 0, looked = begin;
  int status = 0;
  auto const reap = [&](int how) {
    int one = 0;
    struct rusage used{};
    ::pid_t const who = ::wait4(-1, &one, how | __WALL, &used);
    if (who <= 0) return who;
    for (auto const& t : {used.ru_utime, used.ru_stime}) reaped += double(t.tv_sec) + 1e-6 * double(t.tv_usec);
    if (who == program) status = one;
    return who;
  };
  bool ended = false;
  sandbox_end beyond = sandbox_end::exited;
  while (!ended && beyond == sandbox_end::exited) {
    timespec const wait{0, 10'000'000};
    ::sigtimedwait(&child, nullptr, &wait);
    for (::pid_t who; (who = reap(WNOHANG)) > 0;) ended = ended || who == program;
    double const now = monotonic_seconds();
    if (!ended && now - begin > limits.wall_seconds) beyond = sandbox_end::wall_time;
    if (too_long(step.out, limits.output) || too_long(step.err, limits.output)) beyond = sandbox_end::output;
    if (now - looked < .009 && !ended) continue;  // a child's end may have woken us
    looked = now;
    auto const taken = watch.all();
    if (taken.memory > result.memory) {
      std::size_t const memory = taken.memory > limits.memory ? watch.memory() : taken.memory;
      if (memory > result.memory) result.memory = memory;
      if (memory > limits.memory) beyond = sandbox_end::memory;
    }
    result.cpu_seconds = reaped + taken.cpu_seconds;
    if (result.cpu_seconds > limits.cpu_seconds) beyond = sandbox_end::cpu_time;
  }
  // Twice and more, since what is being made while the first signals go out is not among those that get one.
  do ::kill(-1, SIGKILL);
  while (reap(0) > 0 || errno == EINTR);
  if (reaped > result.cpu_seconds) result.cpu_seconds = reaped;
  result.wall_seconds = monotonic_seconds() - begin;
  if (too_long(step.out, limits.output) || too_long(step.err, limits.output)) beyond = sandbox_end::output;
  if (result.end == sandbox_end::not_found) return;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) beyond = sandbox_end::cpu_time;
  result.end = beyond != sandbox_end::exited ? beyond
               : WIFSIGNALED(status)         ? sandbox_end::signaled
                                             : sandbox_end::exited;
  result.status = beyond != sandbox_end::exited ? 0 : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

[[noreturn]] inline void first_process(sandbox_plan const& plan, sandbox_report& report) {
  must const must(report);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  char byte;
  ::ssize_t n;
  while ((n = ::read(plan.go, &byte, 1)) < 0 && errno == EINTR) continue;
  if (n != 1) ::_exit(125);
  if (plan.superuser) must("leave all groups", ::syscall(SYS_setgroups, 0, nullptr) == 0);
  must("change the user", ::syscall(SYS_setresgid, inner_id, inner_id, inner_id) == 0 &&
                              ::syscall(SYS_setresuid, inner_id, inner_id, inner_id) == 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);  // the change of the user has cleared it
  must("name the host", ::sethostname("sandbox", 7) == 0);
  process_watch const watch(enter_new_root(plan, must));
  bool go_on = true;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    auto& result = report.steps[i];
    if (!go_on) {
      result.end = sandbox_end::not_run;
      continue;
    }
    run_step(plan, plan.steps[i], result, watch, must);
    if (report.failed) ::_exit(126);
    if (plan.steps[i].needed && (result.end != sandbox_end::exited || result.status != 0)) go_on = false;
  }
  ::_exit(0);
}

}  // namespace COHORT_NAMESPACE::detail
#endif
