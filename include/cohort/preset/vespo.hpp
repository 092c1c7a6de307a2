#pragma once
#include <cohort/objective/vespo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// VESPO: -sg(W^k exp(lambda (1 - W))) A log pi with the whole answer's ratio W.
inline constexpr composition vespo{
    {"vespo", "VESPO 2026, arXiv:2602.10693; TRL's loss_type vespo",
     "weight; k 2, lambda 3 for A >= 0, k 3, lambda 2 for A < 0",
     "token mean is TRL's; no KL, G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"},
    [] { return grpo_with(cohort::vespo<>{}, step_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
