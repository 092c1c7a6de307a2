#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>

namespace COHORT_NAMESPACE {

/// PPO's clip with a second one for negative advantages, whose loss is otherwise unbounded where the ratio is large:
///
///     u = -min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A),    A < 0: min(u, -c A),    r = exp(logp - old_logp)
///
/// Reads logp, old_logp, advantage. Unitless. The log-ratio is clamped to +-20. No gradient where r > c and A < 0.
struct dual_clip {
  double epsilon = 0.2;           ///< > 0
  double epsilon_high = epsilon;  ///< > 0
  double c = 3;                   ///< > 1

  static constexpr about notes{"dual_clip",
                               "-min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A), of negative A at most -c A",
                               "Ye et al. 2020, arXiv:1912.09729, eq. 4", "verl (vanilla), OpenRLHF"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high), f("c", c); }
  void check() const {
    detail::require(epsilon > 0, "dual_clip", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "dual_clip", "epsilon_high", epsilon_high, "a positive number");
    detail::require(c > 1, "dual_clip", "c", c, "a number above 1");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S ratio = exp(clamp(step.logp - step.old_logp, -20, 20));
    S loss = -min(ratio * step.advantage, clamp(ratio, 1 - epsilon, 1 + epsilon_high) * step.advantage);
    return select(step.advantage < 0, min(loss, -c * step.advantage), loss);
  }
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    return detail::clip_side(exp(step.logp - step.old_logp), step.advantage, 1 - epsilon, 1 + epsilon_high, c);
  }
};

/// PPO's clip whose unclipped branch has an upper limit as well (INTELLECT-2):
///
///     -min(min(r, delta) A, clamp(r, 1 - epsilon, 1 + epsilon_high) A),    r = exp(logp - old_logp)
///
/// Reads logp, old_logp, advantage. Unitless. The log-ratio is clamped to +-20. dual_clip with c = delta has the same
/// values and gradients.
struct two_sided_clip {
  double epsilon = 0.2;           ///< > 0
  double epsilon_high = epsilon;  ///< > 0
  double delta = 4;               ///< > 1 + epsilon_high

  static constexpr about notes{"two_sided_clip", "-min(min(r, delta) A, clamp(r, 1 - epsilon, 1 + epsilon_high) A)",
                               "INTELLECT-2, arXiv:2505.07291, eq. 1 (delta 4)", "Liger (delta)"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high), f("delta", delta); }
  void check() const {
    detail::require(epsilon > 0, "two_sided_clip", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "two_sided_clip", "epsilon_high", epsilon_high, "a positive number");
    detail::require(delta > 1 + epsilon_high, "two_sided_clip", "delta", delta, "a number above 1 + epsilon_high");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S ratio = exp(clamp(step.logp - step.old_logp, -20, 20));
    return -min(min(ratio, S(delta)) * step.advantage, clamp(ratio, 1 - epsilon, 1 + epsilon_high) * step.advantage);
  }
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    return detail::clip_side(exp(step.logp - step.old_logp), step.advantage, 1 - epsilon, 1 + epsilon_high, delta);
  }
};

}  // namespace COHORT_NAMESPACE
