#pragma once
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// GDPO: each of several rewards is normalized within the group, their weighted sum over the batch.
inline constexpr composition gdpo{
    {"gdpo", "GDPO 2026, arXiv:2601.05242", "advantage", "all weights 1, clip .2, no KL, token mean, sizes and rate"},
    [] {
      return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 4096},
                       .advantage = cohort::gdpo{},
                       .objective = clipped_ratio{.epsilon = .2},
                       .aggregation = step_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
