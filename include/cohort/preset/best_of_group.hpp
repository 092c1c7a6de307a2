#pragma once
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// Pass@k training by the best answer alone: its lead over the second, over the deviation.
inline constexpr composition best_of_group{
    {"best_of_group", "Tang et al. 2025, arXiv:2503.19595; verl's grpo_passk", "advantage as in verl's code",
     "clip .2, no KL, token mean, G 16, 64 prompts, 4096 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 4096},
                       .advantage = cohort::best_of_group{},
                       .objective = clipped_ratio{.epsilon = .2},
                       .aggregation = step_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
