#pragma once
#include <cohort/objective/step_terms.hpp>

namespace cohort {

/// The surrogate that others clip, as a loss for one step:
///
///     -r A,    r = exp(logp - old_logp)
///
/// Reads logp, old_logp, advantage. Unitless. The log-ratio is clamped to +-20 as in clipped_ratio. At the old policy its gradient is the policy gradient; farther
/// away something else has to keep the update near: trust_region does.
///
/// Source: Schulman et al. 2015 (TRPO), arXiv:1502.05477, eq. 14.
struct importance_ratio {
  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -exp(clamp(step.logp - step.old_logp, -20, 20)) * step.advantage;
  }
};

}  // namespace cohort
