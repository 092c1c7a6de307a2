#pragma once
#include <cohort/preset/source.hpp>
#include <cohort/rollout/vine.hpp>

namespace COHORT_NAMESPACE::preset {

/// VinePPO: A_t = r_t + gamma V(s_{t+1}) - V(s_t) with V the mean return of K copies that are played to their end; no
/// critic.
inline constexpr composition vine_ppo{
    {"vine_ppo", "Kazemnejad et al. 2024, arXiv:2410.01679, eq. 9 and 10",
     "values, advantage, K 9, gamma 1, PPO's clip .2",
     "of environments, where the paper has prefixes of answers; lanes, steps, epochs, rate; its KL (1e-4) is left out"},
    [] {
      return algorithm{
          .rollout = vine{.lanes = 8, .horizon = 32, .rollouts = 9, .gamma = 1},
          .advantage = gae{.gamma = 1, .lambda = 0},
          .objective = clipped_ratio{.epsilon = .2},
          .update = update{.epochs = 2, .minibatches = 4, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = 1}};
    }};

}  // namespace COHORT_NAMESPACE::preset
