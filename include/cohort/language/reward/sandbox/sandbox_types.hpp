#pragma once
#include <cohort/error.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// The machine, or what this process may do on it, lacks what the sandbox needs; nothing was run.
struct sandbox_error : cohort_error {
  using cohort_error::cohort_error;
};

/// What a program may take. Memory and processor time are of all its processes together, looked at every 10 ms;
/// besides, each process may have an address space of `memory` and `cpu_seconds` of its own, which the kernel sees to,
/// as it does to the others.
struct sandbox_limits {
  double wall_seconds = 10;      ///< > 0
  double cpu_seconds = 10;       ///< > 0
  std::size_t memory = 1 << 30;  ///< bytes, without the folder's; at least 1 MiB
  std::size_t file = 64 << 20;   ///< bytes of one file
  std::size_t output = 1 << 20;  ///< bytes of stdout, and as many of stderr; at most `file`
  int processes = 32;            ///< and threads, at a time; > 0
};

/// A file in the program's folder when it starts.
struct sandbox_file {
  std::string name, content;  ///< a name without folders
  bool executable = false;
};

/// A program to run in the folder.
struct sandbox_step {
  std::vector<std::string> command;  ///< looked for in PATH where it has no /
  std::string input{};               ///< what its stdin has
  sandbox_limits limits{};
  bool needed = false;  ///< where it does not exit with 0, the steps after it are left out
};

/// How a program ended.
enum class sandbox_end {
  exited,     ///< with `status`
  signaled,   ///< by the signal `status`
  wall_time,  ///< killed beyond a limit: of wall time,
  cpu_time,   ///< processor time,
  memory,     ///< memory,
  output,     ///< or output
  lost,       ///< the sandbox was killed from outside, as by the kernel where memory is short
  not_run,    ///< a step before it failed that was needed
  not_found   ///< there is no such program in the sandbox, or it cannot be executed
};

struct sandbox_result {
  sandbox_end end = sandbox_end::not_run;
  int status = 0;        ///< the exit status, the signal, or, where it was not found, the error's number
  std::string out, err;  ///< what it wrote, up to the limit of output
  double wall_seconds = 0, cpu_seconds = 0;
  std::size_t memory = 0;  ///< the most bytes seen of all its processes together, every 10 ms

  bool ok() const { return end == sandbox_end::exited && status == 0; }
};

struct sandbox_options {
  std::vector<std::string> readable{};     ///< files and folders that programs may read besides the system's /usr
  std::vector<std::string> environment{};  ///< NAME=VALUE, besides PATH, HOME, TMPDIR and LANG
  std::size_t folder = 64 << 20;           ///< bytes in all files of the folder together
  int files = 4096;                        ///< in the folder
};

}  // namespace COHORT_NAMESPACE
