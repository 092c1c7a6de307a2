#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/series_terms.hpp>
#include <cohort/objective/weighted_logp.hpp>

namespace COHORT_NAMESPACE {

/// The policy whose probabilities a series' ratio starts from: that before the update, or what drew its actions.
enum class ratio_to { old, sampler };

/// VESPO: the policy gradient of each step, weighed by a smooth function of its series' importance weight, which is not
/// differentiated:
///
///     -sg(phi(W)) A logp,    phi(W) = exp(lambda (1 - W)) W^k,    W = prod_t exp(logp_t - old_logp_t)
///
/// k and lambda go by the sign of A. Reads logp, old_logp, advantage, and with ratio_to::sampler also sampler_logp: W
/// then starts from what drew the actions. phi(1) = 1; it falls to 0 for W -> 0 and for W -> infinity. Each step's
/// log-ratio is clamped to +-20, its part from sampler to old to [log 1e-8, 20], and so is log W, as in TRL and Liger.
/// Unitless.
template <ratio_to From = ratio_to::old>
struct vespo {
  double k = 2, lambda = 3;                    ///< for A >= 0; lambda > 0
  double k_negative = 3, lambda_negative = 2;  ///< for A < 0

  static constexpr about notes{"vespo", "-sg(exp(lambda (1 - W)) W^k) A logp, W the series' ratio", "arXiv:2602.10693",
                               "TRL, Liger"};
  constexpr void parameters(auto f) const {
    f("k", k), f("lambda", lambda), f("k_negative", k_negative), f("lambda_negative", lambda_negative);
  }
  void check() const {
    detail::require(lambda > 0, "vespo", "lambda", lambda, "a positive number");
    detail::require(lambda_negative > 0, "vespo", "lambda_negative", lambda_negative, "a positive number");
  }

  template <class S>
  constexpr S of_step(step_terms<S> const& step) const {
    S x = clamp(step.logp - step.old_logp, -20, 20);
    if constexpr (From == ratio_to::old) return x;
    else return x + clamp(S(step.old_logp - step.sampler_logp), log_least(), 20);
  }
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    using C = constant_t<S>;
    C log_w = clamp(detail::constant_of(s.total), log_least(), 20), w = exp(log_w);
    C phi = exp(
        select(s.advantage >= 0, C(lambda * (1 - w) + k * log_w), C(lambda_negative * (1 - w) + k_negative * log_w)));
    return -detail::weighted_logp(C(phi * s.advantage), s.logp);
  }

 private:
  static constexpr double log_least() {
    return -18.420680743952367;
  }  // log 1e-8; a function, since a device has no static members
};

}  // namespace COHORT_NAMESPACE
