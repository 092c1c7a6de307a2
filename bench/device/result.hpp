#pragma once
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace device_bench {

/// One number, of which more is better unless its unit says otherwise.
struct result {
  std::string what, size;  ///< what was done, to how much
  double value = 0;
  std::string unit;
  double share = 0;  ///< of a ruler that was measured in the same process; 0: there is none
  std::string of = {};
};

/// A line of JSON. Strings are of this program's making: there is nothing in them to escape.
inline void print(result const& r) {
  if (!(std::isfinite(r.value) && r.value > 0 && std::isfinite(r.share)))
    throw std::runtime_error(r.what + ", " + r.size + ": measured " + std::to_string(r.value) + " " + r.unit);
  std::printf("{\"what\": \"%s\", \"size\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"", r.what.c_str(), r.size.c_str(),
              r.value, r.unit.c_str());
  if (r.share > 0) std::printf(", \"share\": %.4f, \"of\": \"%s\"", r.share, r.of.c_str());
  std::printf("}\n");
  std::fflush(stdout);
}

/// What cannot be done here, and why.
inline void skip(std::string const& what, std::string const& why) {
  std::printf("{\"skipped\": \"%s\", \"why\": \"%s\"}\n", what.c_str(), why.c_str());
  std::fflush(stdout);
}

/// Throws unless a number that was computed on the device is what was computed on the host.
inline void require_near(std::string const& what, double found, double expected, double tolerance) {
  if (std::abs(found - expected) <= tolerance) return;
  char text[96];
  std::snprintf(text, sizeof text, " is %.9g, expected %.9g to %.1g", found, expected, tolerance);
  throw std::runtime_error(what + text);
}

inline std::string with_commas(std::ptrdiff_t n) {
  std::string digits = std::to_string(n), text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace device_bench
