#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>

namespace COHORT_NAMESPACE {

/// GMPO: the geometric mean of the steps' ratios, each clipped by itself, in logarithms, and only where the advantage
/// would drive it further out:
///
///     -A exp((1 / |o|) sum_t c_t),
///     c_t = x_t or its clamp to [-epsilon, epsilon_high], whichever times the sign of A_t is less,
///     x_t = logp_t - old_logp_t
///
/// Reads logp, old_logp, advantage. Unitless. With series_mean it is the paper's objective. Where A is 0 nothing is
/// clipped and the loss is 0. The mean is clamped to +-20.
struct gmpo {
  double epsilon = 0.4;           ///< how far a step's log-ratio may fall; > 0
  double epsilon_high = epsilon;  ///< and rise; > 0

  static constexpr about notes{"gmpo",
                               "-A exp(mean over the series of the log-ratios, each clipped on the advantage's side)",
                               "Zhao et al. 2025, arXiv:2507.20673, eq. 4 (epsilons 0.4)", "verl (geo_mean)"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high); }
  void check() const {
    detail::require(epsilon > 0, "gmpo", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "gmpo", "epsilon_high", epsilon_high, "a positive number");
  }

  template <class S>
  constexpr S of_step(step_terms<S> const& step) const {
    S x = step.logp - step.old_logp, clipped = clamp(x, -epsilon, epsilon_high);
    return select(step.advantage > 0, min(x, clipped), select(step.advantage < 0, max(x, clipped), x));
  }
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    return -exp(clamp(s.total / s.length, -20, 20)) * s.advantage;
  }
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    return detail::clip_side(S(step.logp - step.old_logp), step.advantage, -epsilon, epsilon_high);
  }
};

}  // namespace COHORT_NAMESPACE
