#pragma once
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// PF-PPO: PPO on answers that are drawn again, with replacement, in proportion to the square of their score, since a
/// reward model can be relied on least where its score says little.
inline constexpr composition pf_ppo{
    {"pf_ppo", "Zhang et al. 2024, arXiv:2409.06957; verl's pf_ppo with its defaults",
     "answers by the square of their score: verl's code",
     "the paper also takes each prompt's best answer with its worst, or with any; gamma 1, lambda .95, clip .2, token "
     "mean, .5 of the value's error, one answer for each of 512 prompts, 1024 tokens, rate 1e-6, 4 minibatches; its KL "
     "in the reward is left out"},
    [] {
      return algorithm{.rollout = completions{.prompts = 512, .group = 1, .max_tokens = 1024, .score_power = 2},
                       .advantage = gae{.gamma = 1, .lambda = .95},
                       .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
                       .aggregation = step_mean{},
                       .update = language_update(1e-6, 4)};
    }};

}  // namespace COHORT_NAMESPACE::preset
