#pragma once
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// Lite PPO: less the group's mean, over the batch's deviation, token mean, PPO's clip.
inline constexpr composition lite_ppo{
    {"lite_ppo", "Liu et al. 2025, arXiv:2508.08221",
     "group mean, batch deviation, token mean, G 8, temperature .99, top_p .99, top_k 100",
     "clip .2, no KL, 128 prompts, 8192 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 128,
                                              .group = 8,
                                              .max_tokens = 8192,
                                              .sampler = {.temperature = .99, .top_k = 100, .top_p = .99}},
                       .advantage = group_relative{.scale = group_scale::batch_std},
                       .objective = clipped_ratio{.epsilon = .2},
                       .aggregation = step_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
