#pragma once
#include <cohort/objective/sapo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// SAPO: a smooth gate (4 / tau) sigmoid(tau (r - 1)) in the place of the clip, steeper for bad answers.
inline constexpr composition sapo{
    {"sapo", "Gao et al. 2025, arXiv:2511.20347, eq. 5 and 6",
     "gate, tau 1 and 1.05, mean over answers of means over tokens",
     "no KL, G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"},
    [] { return grpo_with(cohort::sapo{.tau = 1, .tau_negative = 1.05}, series_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
