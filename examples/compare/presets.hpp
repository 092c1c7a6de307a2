#pragma once
// What is compared: each algorithm with the hyperparameters it was given for each environment. They are listed with
// their reasons and sweeps in docs/algorithms.
#include <cohort/cohort.hpp>
#include <cohort/preset/ppo.hpp>

namespace compare {

using namespace cohort;

/// epsilon falling to 0 in a straight line over the run, as the tuned presets of Stable-Baselines3's zoo have it.
inline auto falling_clip(double epsilon) { return scheduled{linear{epsilon, 0}, preset::falling_clip{}}; }

// CartPole-v1, 100,000 steps.

/// The hyperparameters of rl-baselines3-zoo.
inline auto ppo(classic_control::cart_pole const&, int) {
  return algorithm{
      .rollout = lanes{.count = 8, .horizon = 32},
      .advantage = gae{.gamma = .98, .lambda = .8},
      .objective = falling_clip(.2) + value_loss{.weight = .5},
      .aggregation = step_mean{},
      .update =
          update{
              .epochs = 20, .minibatch_size = 256, .optimizer = adam{.rate = linear{1e-3, 0}}, .max_gradient_norm = .5},
  };
}

inline auto grpo(classic_control::cart_pole const&, int group) {
  return algorithm{
      .rollout = groups{.count = 2, .group = group > 0 ? group : 8},
      .advantage = group_relative{.by = credit::return_to_go, .gamma = .99},
      .objective = clipped_ratio{.epsilon = .2},
      .aggregation = step_mean{},
      .update = update{.epochs = 10,
                       .minibatch_size = 256,
                       .normalize = normalization::none,
                       .optimizer = adam{.rate = linear{2e-3, 0}},
                       .max_gradient_norm = .5},
  };
}

inline auto hybrid_grpo(classic_control::cart_pole const&, int group) {
  return algorithm{
      .rollout = probes{.lanes = 8, .horizon = 32, .group = group > 0 ? group : 2},
      .advantage =
          cohort::hybrid_grpo{.gamma = .98, .lambda = .8, .target = critic_target::lambda_return, .tail = true},
      .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
      .aggregation = step_mean{},
      .update =
          update{
              .epochs = 10, .minibatch_size = 256, .optimizer = adam{.rate = linear{3e-3, 0}}, .max_gradient_norm = .5},
  };
}

// Pendulum-v1, 100,000 steps.

/// The hyperparameters of rl-baselines3-zoo, without its state-dependent exploration.
inline auto ppo(classic_control::pendulum const&, int) {
  return algorithm{
      .rollout = lanes{.count = 4, .horizon = 1024},
      .advantage = gae{.gamma = .9, .lambda = .95},
      .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
      .aggregation = step_mean{},
      .update = update{.epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e-3}, .max_gradient_norm = .5},
  };
}

inline auto grpo(classic_control::pendulum const&, int group) {
  return algorithm{
      .rollout = groups{.count = 2, .group = group > 0 ? group : 8},
      .advantage = group_relative{.by = credit::return_to_go, .gamma = .9},
      .objective = clipped_ratio{.epsilon = .2},
      .aggregation = step_mean{},
      .update = update{.epochs = 10,
                       .minibatch_size = 64,
                       .normalize = normalization::none,
                       .optimizer = adam{.rate = 1e-3},
                       .max_gradient_norm = .5},
  };
}

inline auto hybrid_grpo(classic_control::pendulum const&, int group) {
  return algorithm{
      .rollout = probes{.lanes = 4, .horizon = 512, .group = group > 0 ? group : 2},
      .advantage =
          cohort::hybrid_grpo{.gamma = .9, .lambda = .95, .target = critic_target::lambda_return, .tail = true},
      .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
      .aggregation = step_mean{},
      .update = update{.epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e-3}, .max_gradient_norm = .5},
  };
}

}  // namespace compare
