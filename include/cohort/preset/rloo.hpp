#pragma once
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// RLOO: A_i = R_i - mean of the others' R, R less beta times the answer's distance to the reference; -A log pi of
/// whole answers.
inline constexpr composition rloo{
    {"rloo", "Ahmadian et al. 2024, arXiv:2402.14740, eq. 8; Kool et al. 2019",
     "advantage, KL in the reward with .03, G 4 (or 2), rate 1e-6, whole answers", "128 prompts, 512 tokens"},
    [] {
      return algorithm{.rollout = completions{.prompts = 128, .group = 4, .max_tokens = 512},
                       .advantage = kl_in_reward{.estimator = group_relative{.baseline = group_baseline::leave_one_out,
                                                                             .scale = group_scale::none},
                                                 .weight = .03},
                       .objective = policy_gradient{},
                       .aggregation = series_sum_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
