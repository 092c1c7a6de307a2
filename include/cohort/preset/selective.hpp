#pragma once
#include <cohort/objective/dro.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/preset/ratio.hpp>
#include <cohort/selection/clip_cov.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/kl_cov.hpp>
#include <cohort/selection/top_entropy.hpp>

// GRPO whose gradient comes from some tokens only, or not from all in the same way.

namespace cohort::preset {

/// Clip-Cov: a random few of the tokens that lower the entropy most have no gradient.
struct clip_cov_preset {
  static constexpr source from{"clip_cov", "Cui et al. 2025, arXiv:2505.22617, section 4.2; verl's clip_cov",
                               "share 2e-4 of the tokens whose covariance lies in (1, 5)",
                               "G 8 and the other sizes, rate, token mean, no KL"};
  auto operator()() const {
    return grpo_with(weighted(cohort::clip_cov{}, clipped_ratio{.epsilon = .2}), step_mean{}, 4, 8);
  }
};
inline constexpr clip_cov_preset clip_cov{};

/// KL-Cov: the tokens that lower the entropy most are pulled back to the old policy.
struct kl_cov_preset {
  static constexpr source from{
      "kl_cov", "Cui et al. 2025, arXiv:2505.22617, eq. 12; verl's kl_cov",
      "share 2e-4, -r A elsewhere, abs(log r) on them",
      "its weight is 1 in the paper and .1 in verl's file: 1; G 8 and the other sizes, rate, token mean"};
  auto operator()() const {
    return grpo_with(importance_ratio{} + weighted(cohort::kl_cov{.share = 2e-4}, log_ratio_distance{.weight = 1}),
                     step_mean{}, 4, 8);
  }
};
inline constexpr kl_cov_preset kl_cov{};

/// The 80/20 rule: the fifth of the tokens with the highest entropy alone, in DAPO's loss.
struct high_entropy_preset {
  static constexpr source from{"high_entropy", "Wang et al. 2025, arXiv:2506.01939",
                               "a fifth of the tokens, by entropy over the batch; DAPO's clip",
                               "sizes and rate; the mean is over all tokens, as in TRL"};
  auto operator()() const {
    return grpo_with(weighted(top_entropy{.share = .2}, clipped_ratio{.epsilon = .2, .epsilon_high = .28}), step_mean{},
                     16);
  }
};
inline constexpr high_entropy_preset high_entropy{};

/// TIS: where sampler and learner differ (an engine of lower precision, cuts of the distribution), each token times
/// min(pi_old / pi_sampler, 2).
struct tis_preset {
  static constexpr source from{"tis", "Yao et al. 2025, truncated importance sampling; verl's rollout_is",
                               "weight and its limit 2, outside the gradient",
                               "DAPO's clip and token mean, sizes and rate"};
  auto operator()() const {
    return grpo_with(weighted(importance_weights{.high = 2}, clipped_ratio{.epsilon = .2, .epsilon_high = .28}),
                     step_mean{});
  }
};
inline constexpr tis_preset tis{};

}  // namespace cohort::preset
