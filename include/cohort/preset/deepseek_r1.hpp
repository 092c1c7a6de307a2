#pragma once
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// GRPO as DeepSeek-R1 was trained: a clip that hardly ever binds, little KL, the reference renewed.
inline constexpr composition deepseek_r1{
    {"deepseek_r1", "DeepSeek-AI 2025, arXiv:2501.12948 and Nature s41586-025-09422-z",
     "G 16, 512 prompts a rollout in 16 minibatches, rate 3e-6, KL .001, clip 10, temperature 1, 32768 tokens, the "
     "reference renewed every 400 steps (25 rollouts)",
     "std as in grpo_outcome; the clip of 10 is that of three copies of the text, a fourth has .1"},
    [] {
      return algorithm{.rollout = completions{.prompts = 512, .group = 16, .max_tokens = 32768},
                       .advantage = group_relative{},
                       .objective = clipped_ratio{.epsilon = 10} + kl_penalty{.estimator = k3{}, .weight = .001},
                       .aggregation = series_mean{},
                       .update = language_update(3e-6, 16),
                       .reference = refresh{.every = 25}};
    }};

}  // namespace COHORT_NAMESPACE::preset
