#pragma once
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// Dr. GRPO: A_i = R_i - mean R, and sums over the longest answer allowed: no division by std, none by an answer's
/// length.
inline constexpr composition dr_grpo{
    {"dr_grpo", "Liu et al. 2025, arXiv:2503.20783, section 3.2",
     "advantage, constant length 3000, G 8, no KL, clip .2", "16 prompts a rollout and the rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 16, .group = 8, .max_tokens = 3000},
                       .advantage = group_relative{.scale = group_scale::none},
                       .objective = clipped_ratio{.epsilon = .2},
                       .aggregation = series_sum_mean{.length = 3000, .empty = empty_series::count},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
