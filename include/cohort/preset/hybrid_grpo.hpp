#pragma once
#include <cohort/advantage/hybrid_grpo.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/rollout/probes.hpp>

namespace COHORT_NAMESPACE::preset {

/// Hybrid GRPO as this library recommends it: each of 4 actions has its own q_i less the mean of V(s) and the group's
/// mean; probes count as steps.
inline constexpr composition hybrid_grpo{
    {"hybrid_grpo", "after Sane 2025, arXiv:2502.01652; docs/algorithms/hybrid_grpo.md",
     "nothing: the library's own choice of what the paper leaves open", "all of it, with PPO's constants"},
    [] {
      return algorithm{
          .rollout = probes{.lanes = 8, .horizon = 32, .group = 4},
          .advantage = cohort::hybrid_grpo{.gamma = .99, .baseline = {.kappa = .5}},
          .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
          .update =
              update{.epochs = 10, .minibatch_size = 256, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = .5}};
    }};

}  // namespace COHORT_NAMESPACE::preset
