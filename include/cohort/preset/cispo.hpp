#pragma once
#include <cohort/objective/cispo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// CISPO: -sg(min(r, high)) A log pi: a clipped token still has a gradient; token mean over all answers.
inline constexpr composition cispo{
    {"cispo", "MiniMax 2025 (M1), arXiv:2506.13585, eq. 4 and 5", "objective, no limit from below, token mean, no KL",
     "the upper limit is not published: 5 is ScaleRL's (arXiv:2510.13786); G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 "
     "minibatches"},
    [] { return grpo_with(cohort::cispo{.low = 0, .high = 5}, step_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
