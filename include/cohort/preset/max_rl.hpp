#pragma once
#include <cohort/advantage/max_rl.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// MaxRL: above the group's mean, over it, for rewards of 0 and 1: the likelihood of a right answer, cut off after G -
/// 1 terms.
inline constexpr composition max_rl{
    {"max_rl", "MaxRL 2026, arXiv:2602.02710", "advantage, 0 where nobody is right; on policy",
     "whole answers, G 16, 256 prompts, 4096 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 256, .group = 16, .max_tokens = 4096},
                       .advantage = cohort::max_rl{},
                       .objective = policy_gradient{},
                       .aggregation = series_sum_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
