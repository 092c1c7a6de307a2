#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>

namespace COHORT_NAMESPACE {

/// GSPO: one clipped ratio for a whole series, the geometric mean of its steps' ratios, as a loss for each of its
/// steps:
///
///     -min(min(s, delta) A, clamp(s, 1 - epsilon, 1 + epsilon_high) A),
///     s = exp((1 / |o|) sum_t (logp_t - old_logp_t))
///
/// Reads logp, old_logp, advantage. Unitless. With series_mean it is the paper's objective, with step_mean long series
/// weigh more. The mean is clamped to +-20, so the loss is finite for every finite input.
///
/// Source: Zheng et al. 2025, arXiv:2507.18071, eq. 5 to 7, epsilons from its experiments. TRL and Liger:
/// importance_sampling_level = "sequence"; there delta is their two-sided clip. LUSPO (arXiv:2602.05261) is this with
/// series_sum_mean{.empty = count}, epsilons 2e-3 and 2.5e-3.
struct gspo {
  double epsilon = 3e-4;       ///< how far the ratio may fall below 1; > 0 (from 1 on it may as far as it can)
  double epsilon_high = 4e-4;  ///< how far it may rise above 1; > 0
  double delta = 1e300;        ///< upper limit of the unclipped ratio, for negative advantages; > 1 + epsilon_high

  static constexpr about notes{
      "gspo",
      "-min(min(s, delta) A, clamp(s, 1 - epsilon, 1 + epsilon_high) A), s the geometric mean of the series' ratios",
      "Zheng et al. 2025, arXiv:2507.18071, eq. 5", "Liger and TRL (sequence level), OpenRLHF (gspo)"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high), f("delta", delta); }
  void check() const {
    detail::require(epsilon > 0, "gspo", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "gspo", "epsilon_high", epsilon_high, "a positive number");
    detail::require(delta > 1 + epsilon_high, "gspo", "delta", delta, "a number above 1 + epsilon_high");
  }

  using of_step = step_log_ratio;
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    S ratio = exp(clamp(s.total / s.length, -20, 20));
    return -min(min(ratio, S(delta)) * s.advantage, clamp(ratio, 1 - epsilon, 1 + epsilon_high) * s.advantage);
  }
  template <class S>
  constexpr S clipped(series_terms<S> const& s) const {
    return detail::clip_side(exp(s.total / s.length), s.advantage, 1 - epsilon, 1 + epsilon_high, delta);
  }
};

/// GSPO's form for advantages that differ from step to step: the ratio is that of the series, its gradient goes to the
/// step alone:
///
///     -min(s_t A_t, clamp(s_t, 1 - epsilon, 1 + epsilon_high) A_t),    s_t = sg(s) exp(logp_t - sg(logp_t))
///
/// Reads logp, old_logp, advantage. Where all steps of a series have one advantage and one weight, its gradient is
/// gspo's. The logarithm of s is kept below 10, as in verl.
struct gspo_step {
  double epsilon = 3e-4;       ///< > 0
  double epsilon_high = 4e-4;  ///< > 0

  static constexpr about notes{"gspo_step", "as gspo, the gradient of s to the step alone",
                               "Zheng et al. 2025, arXiv:2507.18071, eq. 13 and 14", "verl (gspo)"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high); }
  void check() const {
    detail::require(epsilon > 0, "gspo_step", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "gspo_step", "epsilon_high", epsilon_high, "a positive number");
  }

  using of_step = step_log_ratio;
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    S ratio = exp(min(stop_gradient(S(s.total / s.length)) + (s.logp - stop_gradient(s.logp)), S(10)));
    return -min(ratio * s.advantage, clamp(ratio, 1 - epsilon, 1 + epsilon_high) * s.advantage);
  }
  template <class S>
  constexpr S clipped(series_terms<S> const& s) const {
    return detail::clip_side(exp(s.total / s.length), s.advantage, 1 - epsilon, 1 + epsilon_high);
  }
};

}  // namespace COHORT_NAMESPACE
