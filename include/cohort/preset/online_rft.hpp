#pragma once
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// Online rejection fine-tuning: -log pi of the policy's own answers that are right.
inline constexpr composition online_rft{
    {"online_rft",
     "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 5.2.1 and A.1.4; Yuan et al. 2023, arXiv:2308.01825",
     "the gradient coefficient is 1 where the answer is right, else 0",
     "right is a score above 0; sizes and rate as grpo_outcome"},
    [] {
      return algorithm{
          .rollout = completions{.prompts = 16, .group = 64, .max_tokens = 1024},
          .advantage =
              group_relative{.baseline = group_baseline::none, .scale = group_scale::none, .single = group_of_one::raw},
          .objective = positive_likelihood{.threshold = 0},
          .aggregation = series_mean{},
          .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
