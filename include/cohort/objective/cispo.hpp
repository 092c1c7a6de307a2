#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>
#include <cohort/objective/weighted_logp.hpp>

namespace COHORT_NAMESPACE {

/// CISPO: the policy gradient with a clipped importance weight that is not differentiated, so that a clipped step still
/// has a gradient:
///
///     -sg(clamp(r, low, high)) A logp,    r = exp(logp - old_logp)
///
/// Reads logp, old_logp, advantage. Unitless. low and high are ratios themselves. verl clips on both sides, to 1 -
/// epsilon and 1 + epsilon; TRL and Liger only from above, at an absolute value: cispo{.low = 0, .high = 5}. (A clamp
/// of r that is differentiated is another objective, TorchRL's CISPOLoss: it has no gradient where it clips.) The
/// log-ratio is clamped to +-20. The derivative is finite for every logp, -inf among them; the loss is 0 where A is.
struct cispo {
  double low = 0;   ///< >= 0
  double high = 5;  ///< > low

  static constexpr about notes{"cispo", "-sg(clamp(r, low, high)) A logp",
                               "MiniMax-M1, arXiv:2506.13585, eq. 4 and 5; ScaleRL, arXiv:2510.13786 (high 5)",
                               "verl (both sides), TRL, Liger (from above)"};
  constexpr void parameters(auto f) const { f("low", low), f("high", high); }
  void check() const {
    detail::require(low >= 0, "cispo", "low", low, "0 or a positive number");
    detail::require(high > low, "cispo", "high", high, "a number above low");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    auto ratio = exp(clamp(detail::constant_of(step.logp) - step.old_logp, -20, 20));
    return -detail::weighted_logp(clamp(ratio, low, high) * step.advantage, step.logp);
  }
  /// Where the weight is clipped; there is a gradient all the same.
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    S ratio = exp(step.logp - step.old_logp);
    return select(step.advantage == 0, S(0), select(ratio > high, S(1), select(ratio < low, S(-1), S(0))));
  }
};

}  // namespace COHORT_NAMESPACE
