#pragma once
#include <cohort/compiler.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace cohort {

/// Base of every exception of this library. A message says what was given, what was expected, and where.
struct cohort_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A parameter outside its range.
struct value_error : cohort_error {
  using cohort_error::cohort_error;
};

/// Arrays whose extents do not fit together.
struct shape_error : cohort_error {
  using cohort_error::cohort_error;
};

/// An environment returned something that is not a number; names the step, the lane and the field.
struct environment_error : cohort_error {
  using cohort_error::cohort_error;
};

/// Training came to a number that is not finite; names the update, the quantity and the value.
struct not_finite_error : cohort_error {
  using cohort_error::cohort_error;
};

/// A file that cannot be read or written.
struct io_error : cohort_error {
  using cohort_error::cohort_error;
};
/// What to do about a file that is there already; only logs are appended to.
enum class existing { refuse, replace, append };

/// A call of a device's library failed; names the call, the error and what was asked. No such device is one of these
/// too.
struct device_error : cohort_error {
  using cohort_error::cohort_error;
};

}  // namespace cohort

namespace COHORT_NAMESPACE::detail {

/// 0.05 as "0.05", 3 as "3": numbers in messages as a person would write them.
inline std::string text(double x) {
  if (x != x) return "nan";  // whatever its sign
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", x);
  return buffer;
}

inline void require(bool ok, char const* where, char const* name, double given, char const* expected) {
  if (!ok) throw value_error(std::string(where) + ": " + name + " is " + text(given) + ", expected " + expected);
}

/// Steps, lanes and rows are numbered in 32 bits.
inline void require_numbered(char const* where, char const* name, double given) {
  require(given <= 2147483647., where, name, given, "at most 2147483647, the largest number of 32 bits");
}

}  // namespace COHORT_NAMESPACE::detail
