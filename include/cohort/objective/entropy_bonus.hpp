#pragma once
#include <cohort/objective/step_terms.hpp>

namespace cohort {

/// A reward for staying random, as a loss for one step:
///
///     -weight H,    H the entropy of the policy's distribution at this step, in nats
///
/// Reads entropy. For continuous actions H is the differential entropy, which may be negative.
///
/// Source: Williams and Peng 1991; Schulman et al. 2017, arXiv:1707.06347, eq. 9.
struct entropy_bonus {
  double weight = 0.01;  ///< >= 0

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -weight * step.entropy;
  }
};

}  // namespace cohort
