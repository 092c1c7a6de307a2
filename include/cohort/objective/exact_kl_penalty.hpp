#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/objective/step_terms.hpp>

namespace COHORT_NAMESPACE {

/// The distance from a frozen reference policy over all actions instead of the drawn one, as a loss for one step:
///
///     weight KL(pi(. | s) || ref(. | s))
///
/// Reads kl; in nats times the weight. Its gradient goes to the distribution's parameters, not through logp, so it is
/// exact and has no variance, for older actions as for new ones. Only policies that give their distributions have it
/// (actor, actor_critic); a language model takes kl_penalty. The reference and the weight are as in kl_penalty.
template <class Weight = double>
struct exact_kl_penalty {
  Weight weight = detail::default_weight<Weight>(.04);  ///< >= 0; 0.04, or what the controller starts with

  static constexpr about notes{"exact_kl_penalty", "weight KL(pi || ref)", "of the whole distributions",
                               "torch (kl_divergence)"};
  constexpr void parameters(auto f) const { f("weight", weight); }
  void check() const { detail::require_weight("exact_kl_penalty", weight); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return exact_kl_penalty<double>{weight(progress)};
  }
  constexpr double kl_weight() const { return detail::weight_now(weight); }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return detail::weight_now(weight) * step.kl;
  }
};

/// The distance that the update has gone, as a loss for one step, PPO's form without a clip:
///
///     weight KL(old(. | s) || pi(. | s))
///
/// Reads old_kl; in nats times the weight, which is a number or a controller (doubling_kl), told of the mean of exp(x)
/// - 1 - x with x = logp - old_logp over the last minibatch of each update. For policies that give their distributions.
template <class Weight = double>
struct old_kl_penalty {
  Weight weight = detail::default_weight<Weight>(1);  ///< >= 0; 1, or what the controller starts with

  static constexpr about notes{"old_kl_penalty", "weight KL(old || pi)",
                               "Schulman et al. 2017, arXiv:1707.06347, eq. 8", "TorchRL (KLPENPPOLoss)"};
  constexpr void parameters(auto f) const { f("weight", weight); }
  void check() const { detail::require_weight("old_kl_penalty", weight); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return old_kl_penalty<double>{weight(progress)};
  }
  constexpr double kl_weight() const { return detail::weight_now(weight); }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return detail::weight_now(weight) * step.old_kl;
  }
  static double told(auto const& m) { return m.approximate_kl; }
};

}  // namespace COHORT_NAMESPACE
