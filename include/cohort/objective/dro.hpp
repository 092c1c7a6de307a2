#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/step_terms.hpp>

namespace COHORT_NAMESPACE {

/// DRO: the policy gradient, held by the square of the log-ratio:
///
///     -(A logp - (beta / 2) x^2),    x = logp - old_logp
///
/// Reads logp, old_logp, advantage. Unitless. It needs no ratio of probabilities, so it is finite for every finite
/// input. A logp of -inf costs inf, whatever the sign of A.
struct dro {
  double beta = .5;  ///< > 0

  static constexpr about notes{"dro", "-(A logp - (beta / 2) (logp - old_logp)^2)",
                               "Richemond et al. 2024, arXiv:2405.19107, without its value function", "verl"};
  constexpr void parameters(auto f) const { f("beta", beta); }
  void check() const { detail::require(beta > 0, "dro", "beta", beta, "a positive number"); }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S x = step.logp - step.old_logp;
    return x * (.5 * beta * x - step.advantage) -
           step.advantage * step.old_logp;  // in this order no inf is taken from another
  }
};

/// weight |logp - old_logp|: how far a step's log-probability has moved, in nats times the weight. KL-Cov puts it on
/// the few steps that lower the entropy most: importance_ratio{} + weighted(kl_cov{}, log_ratio_distance{.weight = 1}).
/// At 0 its slope is 0.
struct log_ratio_distance {
  double weight = 1;  ///< >= 0

  static constexpr about notes{"log_ratio_distance", "weight |logp - old_logp|",
                               "Cui et al. 2025, arXiv:2505.22617, eq. 12", "verl (kl_cov)"};
  constexpr void parameters(auto f) const { f("weight", weight); }
  void check() const { detail::require(weight >= 0, "log_ratio_distance", "weight", weight, "0 or a positive number"); }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return weight * abs(S(step.logp - step.old_logp));
  }
};

}  // namespace COHORT_NAMESPACE
