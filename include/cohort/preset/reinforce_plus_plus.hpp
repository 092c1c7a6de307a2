#pragma once
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/whitened.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// REINFORCE++: what is still to come, a token's KL taken from its reward, normalized over the whole batch; PPO's clip,
/// one answer for each prompt.
inline constexpr composition reinforce_plus_plus{
    {"reinforce_plus_plus", "Hu et al. 2025, arXiv:2501.03262",
     "advantage: KL (k1) in each token's reward, gamma 1, normalized over the batch; PPO's clip",
     "clip .2, KL .01 (OpenRLHF's), token mean, 1024 prompts, 1024 tokens, rate 5e-7, 8 minibatches"},
    [] {
      return algorithm{.rollout = completions{.prompts = 1024, .group = 1, .max_tokens = 1024},
                       .advantage = whitened{kl_in_reward{.estimator = monte_carlo{.gamma = 1}, .weight = .01}},
                       .objective = clipped_ratio{.epsilon = .2},
                       .aggregation = step_mean{},
                       .update = language_update(5e-7, 8)};
    }};

/// REINFORCE++-baseline: less the group's mean, normalized over the batch.
inline constexpr composition reinforce_plus_plus_baseline{
    {"reinforce_plus_plus_baseline", "Hu et al. 2025, arXiv:2501.03262; verl, OpenRLHF",
     "advantage: less the group's mean, normalized over the batch's tokens; PPO's clip",
     "k2 in the loss with .001 (from memory), clip .2, token mean, G 8, 128 prompts, 8192 tokens, rate 5e-7, 8 "
     "minibatches"},
    [] {
      return algorithm{.rollout = completions{.prompts = 128, .group = 8, .max_tokens = 8192},
                       .advantage = whitened{group_relative{.scale = group_scale::none}},
                       .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k2{}, .weight = .001},
                       .aggregation = step_mean{},
                       .update = language_update(5e-7, 8)};
    }};

}  // namespace COHORT_NAMESPACE::preset
