#pragma once
#include <cohort/run/algorithm.hpp>

namespace COHORT_NAMESPACE::preset {

/// Where a named algorithm is from, and how far its composition can be relied on.
struct source {
  char const* name;     ///< what registry.hpp finds it by
  char const* paper;    ///< authors, number, equations
  char const* certain;  ///< what the paper or its authors' code says
  char const* open;  ///< what they leave open or could not be read, and what stands there instead; what is not composed
};

/// A named algorithm, with its source; called it is the algorithm, whose members may then be changed:
///
///     auto a = preset::ppo();
///     a.rollout.count = 8;
template <class Make>
struct composition {
  source from;
  Make make;

  constexpr auto operator()() const { return make(); }
};

}  // namespace COHORT_NAMESPACE::preset
