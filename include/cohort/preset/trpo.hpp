#pragma once
#include <cohort/objective/expression.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/update/trust_region.hpp>

namespace COHORT_NAMESPACE::preset {

/// TRPO: one step along the natural gradient, as far as KL(old || pi) <= .01 allows.
inline constexpr composition trpo{
    {"trpo", "Schulman et al. 2015, arXiv:1502.05477, eq. 14, section 6 and appendix C",
     "the constrained step: conjugate gradients, line search, KL(old || pi) within .01; gamma .99",
     "the paper has no critic and batches of up to 50,000 steps: GAE with lambda .95, 2048 steps, damping .1, 15 "
     "iterations and the critic's update are sb3-contrib's"},
    [] {
      return algorithm{.rollout = lanes{.count = 1, .horizon = 2048},
                       .advantage = gae{.gamma = .99, .lambda = .95},
                       .objective = importance_ratio{} + value_loss{.weight = 1},
                       .update = trust_region<>{.target_kl = .01}};
    }};

}  // namespace COHORT_NAMESPACE::preset
