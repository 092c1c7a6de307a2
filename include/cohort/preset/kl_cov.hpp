#pragma once
#include <cohort/objective/dro.hpp>
#include <cohort/preset/grpo.hpp>
#include <cohort/selection/kl_cov.hpp>

namespace COHORT_NAMESPACE::preset {

/// KL-Cov: the tokens that lower the entropy most are pulled back to the old policy.
inline constexpr composition kl_cov{
    {"kl_cov", "Cui et al. 2025, arXiv:2505.22617, eq. 12; verl's kl_cov",
     "share 2e-4, -r A elsewhere, abs(log r) on them",
     "its weight is 1 in the paper and .1 in verl's file: 1; G 8 and the other sizes, rate, token mean"},
    [] {
      return grpo_with(importance_ratio{} + weighted(cohort::kl_cov{.share = 2e-4}, log_ratio_distance{.weight = 1}),
                       step_mean{}, 4, 8);
    }};

}  // namespace COHORT_NAMESPACE::preset
