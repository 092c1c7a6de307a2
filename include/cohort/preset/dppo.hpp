#pragma once
#include <cohort/objective/dppo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// DPPO by total variation: -sg(min(r, 20)) A log pi of tokens whose probability has moved no further than a bound in
/// the advantage's direction.
inline constexpr composition dppo_tv{
    {"dppo_tv", "Qi et al. 2026, arXiv:2602.04879; verl's dppo_tv", "objective as in verl's code, limit 20",
     "bounds .2 (verl's clip_ratio), token mean, no KL, sizes and rate"},
    [] { return grpo_with(cohort::dppo_tv{.low = .2, .high = .2}, step_mean{}); }};

/// DPPO by the binary KL divergence of the token that was drawn.
inline constexpr composition dppo_kl{
    {"dppo_kl", "Qi et al. 2026, arXiv:2602.04879; verl's dppo_kl", "objective as in verl's code, limit 20",
     "bounds .05, token mean, no KL, sizes and rate"},
    [] { return grpo_with(cohort::dppo_kl{.low = .05, .high = .05}, step_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
