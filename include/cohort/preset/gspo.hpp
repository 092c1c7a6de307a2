#pragma once
#include <cohort/objective/gspo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// GSPO: one ratio for an answer, the geometric mean of its tokens' ratios, clipped within (3e-4, 4e-4) of 1.
inline constexpr composition gspo{
    {"gspo", "Zheng et al. 2025, arXiv:2507.18071, eq. 5 and 7, section 5.1",
     "ratio, clip 3e-4 and 4e-4, 4 minibatches a rollout, no KL", "G 16, 64 prompts, 8192 tokens, rate 1e-6"},
    [] { return grpo_with(cohort::gspo{.epsilon = 3e-4, .epsilon_high = 4e-4}, series_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
