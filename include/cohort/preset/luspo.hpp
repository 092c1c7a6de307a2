#pragma once
#include <cohort/objective/gspo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// LUSPO: GSPO's loss of an answer times its length.
inline constexpr composition luspo{
    {"luspo", "LUSPO 2026, arXiv:2602.05261; TRL's loss_type luspo", "loss times length, clip 2e-3 and 2.5e-3",
     "G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"},
    [] {
      return grpo_with(cohort::gspo{.epsilon = 2e-3, .epsilon_high = 2.5e-3},
                       series_sum_mean{.empty = empty_series::count});
    }};

}  // namespace COHORT_NAMESPACE::preset
