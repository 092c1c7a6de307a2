#pragma once
#include <cohort/backend/memory.hpp>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <string>

namespace program {

using cohort::detail::memory_of_machine;

/// 36620 as "35.8 KiB".
inline std::string binary_size(double bytes) {
  static constexpr char const* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
  return text;
}

}  // namespace program
