#pragma once
#include <cohort/advantage/opo.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// OPO: less the group's mean weighted by length, exactly on policy, no KL, no division by std.
inline constexpr composition opo{
    {"opo", "Hao et al. 2025, arXiv:2505.23585, eq. 6", "baseline, on policy, no KL, no entropy bonus",
     "whole answers, which the baseline is derived for; G 8, 256 prompts, 8192 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 256, .group = 8, .max_tokens = 8192},
                       .advantage = cohort::opo{},
                       .objective = policy_gradient{},
                       .aggregation = series_sum_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
