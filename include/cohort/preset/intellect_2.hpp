#pragma once
#include <cohort/objective/dual_clip.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// INTELLECT-2: GRPO whose unclipped ratio is held below delta, so that a rare token of a bad answer has no unbounded
/// loss.
inline constexpr composition intellect_2{
    {"intellect_2", "Prime Intellect 2025, arXiv:2505.07291, eq. 1", "delta 4, clip .2, KL .001, G 16, rate 3e-7",
     "token mean, 256 prompts, 32768 tokens"},
    [] {
      return algorithm{
          .rollout = completions{.prompts = 256, .group = 16, .max_tokens = 32768},
          .advantage = group_relative{},
          .objective = two_sided_clip{.epsilon = .2, .delta = 4} + kl_penalty{.estimator = k3{}, .weight = .001},
          .aggregation = step_mean{},
          .update = language_update(3e-7)};
    }};

}  // namespace COHORT_NAMESPACE::preset
