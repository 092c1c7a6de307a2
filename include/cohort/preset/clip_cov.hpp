#pragma once
#include <cohort/preset/grpo.hpp>
#include <cohort/selection/clip_cov.hpp>

namespace COHORT_NAMESPACE::preset {

/// Clip-Cov: a random few of the tokens that lower the entropy most have no gradient.
inline constexpr composition clip_cov{
    {"clip_cov", "Cui et al. 2025, arXiv:2505.22617, section 4.2; verl's clip_cov",
     "share 2e-4 of the tokens whose covariance lies in (1, 5)", "G 8 and the other sizes, rate, token mean, no KL"},
    [] { return grpo_with(weighted(cohort::clip_cov{}, clipped_ratio{.epsilon = .2}), step_mean{}, 4, 8); }};

}  // namespace COHORT_NAMESPACE::preset
