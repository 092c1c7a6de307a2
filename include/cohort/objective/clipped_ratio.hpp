#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>

namespace COHORT_NAMESPACE {

/// PPO's clipped surrogate, as a loss for one step:
///
///     -min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A),    r = exp(logp - old_logp)
///
/// Reads logp, old_logp, advantage. Unitless. The log-ratio is clamped to +-20, as verl does, so the loss is finite for
/// every logp, -inf among them (not where old_logp is -inf too: such a ratio is a NaN). TorchRL clamps the log-ratio to
/// [log(1 - epsilon), log(1 + epsilon_high)], which is the same clip. Its derivative with respect to logp is -A r where
/// the ratio is inside the clip or A pulls it back inside, and 0 elsewhere (and beyond the clamp of the log-ratio).
struct clipped_ratio {
  double epsilon = 0.2;           ///< how far the ratio may fall below 1; > 0 (from 1 on it may as far as it can)
  double epsilon_high = epsilon;  ///< how far it may rise above 1; > 0

  static constexpr about notes{
      "clipped_ratio", "-min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A)",
      "Schulman et al. 2017, arXiv:1707.06347, eq. 7; epsilon_high: DAPO, arXiv:2503.14476, eq. 10",
      "TRL, Liger, verl, OpenRLHF, TorchRL"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high); }
  void check() const {
    detail::require(epsilon > 0, "clipped_ratio", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "clipped_ratio", "epsilon_high", epsilon_high, "a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S ratio = exp(clamp(step.logp - step.old_logp, -20, 20));
    S gain = ratio * step.advantage;
    S clipped = clamp(ratio, 1 - epsilon, 1 + epsilon_high) * step.advantage;
    return -min(gain, clipped);
  }
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    return detail::clip_side(exp(step.logp - step.old_logp), step.advantage, 1 - epsilon, 1 + epsilon_high);
  }
};

}  // namespace COHORT_NAMESPACE
