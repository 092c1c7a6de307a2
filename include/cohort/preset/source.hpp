#pragma once
#include <cohort/run/algorithm.hpp>

namespace cohort::preset {

/// Where a named algorithm is from, and how far its composition can be relied on.
struct source {
  char const* name;     ///< what registry.hpp finds it by
  char const* paper;    ///< authors, number, equations
  char const* certain;  ///< what the paper or its authors' code says
  char const* open;  ///< what they leave open or could not be read, and what stands there instead; what is not composed
};

}  // namespace cohort::preset
