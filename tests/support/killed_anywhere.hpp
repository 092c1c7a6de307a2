#pragma once
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

/// Calls `act` in a process of its own, again and again, and kills that at its first system call, its second, and so
/// on, before and after what each of them does; `prepare` comes before each time, `check` after. How often, or 0 where
/// no process may watch another.
template <class Prepare, class Act, class Check>
int killed_anywhere(Prepare prepare, Act act, Check check) {
  for (int stops = 1;; ++stops) {
    prepare();
    int status = 0;
    pid_t const child = ::fork();
    if (child == 0) {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(99);
      ::raise(SIGSTOP);
      act();
      ::_exit(0);
    }
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) return 0;
    for (int i = 0; i < stops && WIFSTOPPED(status); ++i) {
      ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
      ::waitpid(child, &status, 0);
    }
    bool const over = !WIFSTOPPED(status);
    if (!over) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    check();
    if (over) return stops;
  }
}
