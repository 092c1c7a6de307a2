#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>

namespace COHORT_NAMESPACE {

/// TIC-GRPO: the ratio of a whole series instead of those of its steps, kept from above only:
///
///     -min(W, 1 + epsilon) A,    W = prod_t exp(logp_t - old_logp_t)
///
/// Reads logp, old_logp, advantage. Unitless. It estimates the policy gradient where the policy is, not where it was;
/// long series have ratios far from 1, and none of those above the limit has a gradient, whichever sign A has. log W is
/// clamped to +-20. The paper's advantage is the z-score of R_i / |o_i|.
struct tic_grpo {
  double epsilon = 0.2;  ///< how far the ratio may rise above 1; > 0

  static constexpr about notes{"tic_grpo", "-min(W, 1 + epsilon) A, W the series' ratio",
                               "Pang and Jin 2025, arXiv:2508.02833", "differences"};
  constexpr void parameters(auto f) const { f("epsilon", epsilon); }
  void check() const { detail::require(epsilon > 0, "tic_grpo", "epsilon", epsilon, "a positive number"); }

  using of_step = step_log_ratio;
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    return -min(exp(clamp(s.total, -20, 20)), S(1 + epsilon)) * s.advantage;
  }
  template <class S>
  constexpr S clipped(series_terms<S> const& s) const {
    return select((exp(s.total) > 1 + epsilon) & (s.advantage != 0), S(1), S(0));
  }
};

}  // namespace COHORT_NAMESPACE
