#pragma once
#if defined(__linux__)
#include <linux/filter.h>
#include <unistd.h>
#include <cerrno>
#include <cohort/language/reward/sandbox/sandbox_types.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::detail {

inline constexpr int inner_id = 1000;            ///< of user and group, inside
inline constexpr unsigned outer_nobody = 65534;  ///< whom they are outside, where we are the superuser

/// What the sandbox's first process makes in the new root.
struct sandbox_entry {
  enum { folder, link, mount_folder, mount_file, device } kind;
  std::string path, from;  ///< under the new root; a link's target, or the source under the old root
};

/// A step, ready to be executed without allocating.
struct planned_step {
  std::vector<char*> words;           ///< with a null at the end
  std::vector<std::string> programs;  ///< the paths to try
  sandbox_limits limits;
  bool needed = false;
  int in = -1, out = -1, err = -1;  ///< files in memory
};

/// All that the first process does, prepared before it is made: it has one thread of a process that had many, and so
/// must not allocate.
struct sandbox_plan {
  std::vector<sandbox_entry> entries;
  std::vector<sandbox_file> files;
  std::vector<planned_step> steps;
  std::vector<char*> environment;
  std::vector<sock_filter> filter;
  std::string folder_options;  ///< of its tmpfs
  bool superuser = false;
  int go = -1;  ///< where a byte comes once its user is mapped
};

/// What it tells, in memory that both share.
struct step_report {
  sandbox_end end = sandbox_end::lost;
  int status = 0;
  double wall_seconds = 0, cpu_seconds = 0;
  std::size_t memory = 0;
};
struct sandbox_report {
  char const* failed = nullptr;  ///< what could not be done; the text of a literal, at the same place in both
  char path[256] = {};           ///< with what
  int error = 0;
  step_report steps[1];  ///< as many as the plan has
};

/// Ends the process with a report where something that has to work does not.
class must {
 public:
  explicit must(sandbox_report& report) : report_(report) {}
  void operator()(char const* what, bool worked, char const* path = "") const {
    if (worked) return;
    report_.error = errno;
    std::size_t i = 0;
    for (; path[i] != 0 && i + 1 < sizeof report_.path; ++i) report_.path[i] = path[i];
    report_.path[i] = 0;
    report_.failed = what;
    ::_exit(126);
  }

 private:
  sandbox_report& report_;
};

}  // namespace COHORT_NAMESPACE::detail
#endif
