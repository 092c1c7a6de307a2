#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/objective/step_terms.hpp>
#include <cohort/objective/weighted_logp.hpp>

namespace COHORT_NAMESPACE {

/// The policy gradient, as a loss for one step:
///
///     -A logp
///
/// Reads logp, advantage. REINFORCE, A2C (with value_loss and entropy_bonus, one epoch), GPG (with gpg's advantages).
/// Its expected gradient is right only for actions of the policy as it is: one epoch. Where A is 0 the loss is 0, also
/// for a logp of -inf; the derivative is -A for every logp.
struct policy_gradient {
  static constexpr about notes{"policy_gradient", "-A logp", "Williams 1992; Mnih et al. 2016, arXiv:1602.01783",
                               "verl (gpg), TorchRL (A2C, Reinforce)"};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -detail::weighted_logp(step.advantage, step.logp);
  }
};

/// The unclipped surrogate, for actions of an older policy:
///
///     -r A,    r = exp(logp - old_logp)
///
/// Reads logp, old_logp, advantage. What TRPO improves under its bound, and PPO-KL with old_kl_penalty. The log-ratio
/// is clamped to +-20.
struct importance_ratio {
  static constexpr about notes{"importance_ratio", "-r A",
                               "Kakade and Langford 2002; Schulman et al. 2015, arXiv:1502.05477, eq. 14",
                               "TorchRL (PPOLoss), verl (kl_cov)"};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -exp(clamp(step.logp - step.old_logp, -20, 20)) * step.advantage;
  }
};

/// Rejection fine-tuning: the likelihood of what was good alone, -logp where A > threshold, else 0. Reads logp,
/// advantage. In nats. With no_advantage's zeros and threshold below 0 it is SFT; with samples of the policy as it is,
/// online rejection fine-tuning.
struct positive_likelihood {
  double threshold = 0;

  static constexpr about notes{"positive_likelihood", "-logp where A > threshold, else 0",
                               "Yuan et al. 2023, arXiv:2308.01825; DeepSeekMath, arXiv:2402.03300, 5.2",
                               "closed form"};
  constexpr void parameters(auto f) const { f("threshold", threshold); }
  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return select(step.advantage > threshold, -step.logp, S(0));
  }
};

}  // namespace COHORT_NAMESPACE
