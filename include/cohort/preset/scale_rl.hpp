#pragma once
#include <cohort/advantage/hybrid_grpo.hpp>
#include <cohort/advantage/whitened.hpp>
#include <cohort/aggregation/group_mean.hpp>
#include <cohort/objective/cispo.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// ScaleRL: CISPO with a limit of 5, each prompt's token mean counting the same, advantages over the batch's deviation,
/// prompts whose answers are all equal left out.
inline constexpr composition scale_rl{
    {"scale_rl", "Khatri et al. 2025, arXiv:2510.13786",
     "objective, mean over each prompt's tokens and then over prompts, advantages less the group's mean over the "
     "batch's deviation, filter, G 16",
     "from memory: 48 prompts, 14336 tokens, rate 5e-7; one minibatch; the sampler that runs 8 updates behind, prompts "
     "that are no longer drawn once 9 of 10 answers are right, and the head's precision are left out"},
    [] {
      return algorithm{
          .rollout = completions{.prompts = 48, .group = 16, .max_tokens = 14336, .drop_equal = true},
          .advantage = whitened{.estimator = group_relative{.scale = group_scale::none}, .over = averaged_over::series},
          .objective = cohort::cispo{.low = 0, .high = 5},
          .aggregation = group_mean{},
          .update = language_update(5e-7)};
    }};

}  // namespace COHORT_NAMESPACE::preset
