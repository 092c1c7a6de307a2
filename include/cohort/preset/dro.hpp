#pragma once
#include <cohort/objective/dro.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// DRO: -(A log pi - beta / 2 (log r)^2): the policy gradient, held by a square.
inline constexpr composition dro{
    {"dro", "Richemond et al. 2024, arXiv:2405.19107; verl's dro", "objective as in verl's code",
     "beta .5; the paper's value function is left out, GRPO's advantage stands for it; token mean, sizes and rate"},
    [] { return grpo_with(cohort::dro{.beta = .5}, step_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
