#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/objective/step_terms.hpp>

namespace COHORT_NAMESPACE {

/// The distance from a frozen reference policy, as a loss for one step:
///
///     weight KL^(logp, ref_logp)    or    weight KL^(logp, ref_logp, old_logp)
///
/// KL^ is an estimator of cohort/kl/estimators.hpp or your own callable. Reads what it is called with; in nats
/// times the weight. An objective that contains it makes `train` keep a copy of the starting policy as the reference;
/// without it there is none. The weight is a number, a schedule, or a controller of cohort/kl/controller.hpp, which
/// `train` tells the mean of k3 over the last minibatch of each update, once for each series.
template <class Estimator = k3, class Weight = double>
struct kl_penalty {
  static constexpr bool has_estimator = kl_estimator<Estimator>;
#include <cohort/kl/requirements.inc>
  Estimator estimator{};
  Weight weight = detail::default_weight<Weight>(.04);  ///< >= 0; 0.04, or what the controller starts with

  static constexpr about notes{"kl_penalty", "weight KL^(logp, ref_logp)",
                               "Shao et al. 2024, arXiv:2402.03300, eq. 3 and 4, with k3 and 0.04",
                               "TRL, Liger, TorchRL, verl, OpenRLHF"};
  constexpr void parameters(auto f) const { f("", estimator), f("weight", weight); }
  void check() const { detail::require_weight("kl_penalty", weight); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return kl_penalty<Estimator, double>{estimator, weight(progress)};
  }
  constexpr double kl_weight() const { return detail::weight_now(weight); }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    if constexpr (requires { estimator(step.logp, step.ref_logp, step.old_logp); })
      return detail::weight_now(weight) * estimator(step.logp, step.ref_logp, step.old_logp);
    else if constexpr (has_estimator) return detail::weight_now(weight) * estimator(step.logp, step.ref_logp);
    else return 0;
  }
};

}  // namespace COHORT_NAMESPACE
