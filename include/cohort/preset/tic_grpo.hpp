#pragma once
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// TIC-GRPO: one ratio for an answer, the product of its tokens', limited from above alone.
inline constexpr composition tic_grpo{
    {"tic_grpo", "Pang and Jin 2025, arXiv:2508.02833", "ratio and its one-sided limit",
     "its advantage is the z-score of R / length: divide the task's score; limit .2, no KL, series mean, G 16, 64 "
     "prompts, 8192 tokens, rate 1e-6, 4 minibatches"},
    [] { return grpo_with(cohort::tic_grpo{.epsilon = .2}, series_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
