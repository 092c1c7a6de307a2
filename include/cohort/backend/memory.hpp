#pragma once
#include <cohort/error.hpp>
#ifdef __linux__
#include <sys/sysinfo.h>
#endif

namespace COHORT_NAMESPACE::detail {

/// Bytes of memory that this machine has, with its swap; where that is not known, what a process can address.
inline double memory_of_machine() {
#ifdef __linux__
  struct sysinfo about{};
  if (sysinfo(&about) == 0) return (double(about.totalram) + double(about.totalswap)) * about.mem_unit;
#endif
  return 0x1p47;
}

/// Refuses what would never fit, before any of it is allocated. `bytes` is a double, since extents that are absurd
/// overflow integers.
inline void require_memory(std::string const& what, double bytes) {
  if (!(bytes <= memory_of_machine()))
    throw value_error(what + " would take " + text(bytes) + " bytes, and this machine has " +
                      text(memory_of_machine()));
}

}  // namespace COHORT_NAMESPACE::detail
