#pragma once
#include <cohort/advantage/remax.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// ReMax: less the score of the greedy answer to the same prompt; -A log pi of whole answers.
inline constexpr composition remax{
    {"remax", "Li et al. 2023, arXiv:2310.10505, eq. 5 and algorithm 2",
     "advantage, -A log pi of whole answers, one answer and the greedy one for each prompt",
     "its KL in the reward is left out; 128 prompts, 512 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 128, .group = 1, .max_tokens = 512, .greedy = true},
                       .advantage = cohort::remax{},
                       .objective = policy_gradient{},
                       .aggregation = series_sum_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
