#pragma once
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// PKPO: rewards whose policy gradient is that of pass@k, without bias.
inline constexpr composition pkpo{
    {"pkpo", "Walder and Karkhanis 2025, arXiv:2505.15201", "the rewards (times n, since answers are averaged here)",
     "k 4, without the leave-one-out baseline, whole answers, G 16, 64 prompts, 2048 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 2048},
                       .advantage = cohort::pass_at_k{.k = 4},
                       .objective = policy_gradient{},
                       .aggregation = series_sum_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
