#pragma once
#include <cohort/preset/grpo.hpp>
#include <cohort/selection/importance_weights.hpp>

namespace COHORT_NAMESPACE::preset {

/// TIS: where sampler and learner differ (an engine of lower precision, cuts of the distribution), each token times
/// min(pi_old / pi_sampler, 2).
inline constexpr composition tis{
    {"tis", "Yao et al. 2025, truncated importance sampling; verl's rollout_is",
     "weight and its limit 2, outside the gradient", "DAPO's clip and token mean, sizes and rate"},
    [] {
      return grpo_with(weighted(importance_weights{.high = 2}, clipped_ratio{.epsilon = .2, .epsilon_high = .28}),
                       step_mean{});
    }};

}  // namespace COHORT_NAMESPACE::preset
