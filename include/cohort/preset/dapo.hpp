#pragma once
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// DAPO: the ratio may rise further than it may fall, every token counts the same, groups without a difference are
/// drawn again, no KL.
inline constexpr composition dapo{
    {"dapo", "Yu et al. 2025, arXiv:2503.14476, eq. 8 and section 4.1",
     "clip .2 and .28, token mean, dynamic sampling, no KL, 512 prompts, G 16, 16 minibatches, 20480 tokens, rate 1e-6",
     "the soft overlong penalty (4096 tokens) is a reward of the task, soft_overlong; warm-up is left out; at most 10 "
     "rounds are drawn"},
    [] {
      return algorithm{.rollout = completions{.prompts = 512, .group = 16, .max_tokens = 20480, .resample = 10},
                       .advantage = group_relative{},
                       .objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28},
                       .aggregation = step_mean{},
                       .update = language_update(1e-6, 16)};
    }};

}  // namespace COHORT_NAMESPACE::preset
