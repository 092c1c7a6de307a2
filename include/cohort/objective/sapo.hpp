#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/step_terms.hpp>

namespace COHORT_NAMESPACE {

/// SAPO: a smooth gate in the place of the clip,
///
///     -A f(r),    f(r) = (4 / tau) sigmoid(tau (r - 1)),    r = exp(logp - old_logp)
///
/// with tau by the sign of A. Reads logp, old_logp, advantage. Unitless. f'(1) = 1: on policy the gradient is that of
/// the plain ratio; it fades on both sides, the faster the larger tau. The log-ratio is clamped to +-20.
struct sapo {
  double tau = 1;              ///< of A > 0; > 0
  double tau_negative = 1.05;  ///< of A <= 0; > 0

  static constexpr about notes{"sapo", "-A (4 / tau) sigmoid(tau (r - 1))", "arXiv:2511.20347, eq. 5 and 6",
                               "TRL, Liger, verl"};
  constexpr void parameters(auto f) const { f("tau", tau), f("tau_negative", tau_negative); }
  void check() const {
    detail::require(tau > 0, "sapo", "tau", tau, "a positive number");
    detail::require(tau_negative > 0, "sapo", "tau_negative", tau_negative, "a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S ratio = exp(clamp(step.logp - step.old_logp, -20, 20));
    auto t = select(step.advantage > 0, constant_t<S>(tau), constant_t<S>(tau_negative));
    return -(4 / t) * sigmoid(S(t) * (ratio - 1)) * step.advantage;
  }
};

}  // namespace COHORT_NAMESPACE
