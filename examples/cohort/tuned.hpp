#pragma once
#include <cohort/cohort.hpp>
#include <string>
#include <vector>

#include "../compare/presets.hpp"

// The algorithms with which `cohort` trains environments of which nothing else is said: each the best of one sweep of
// bench/sweeps, which gives PPO, GRPO and Hybrid GRPO the same number of settings, seeds and steps. Those of
// Gymnasium's environments are rl-baselines3-zoo's.

namespace cli {

/// What a preset says of its policy.
struct tuned_policy {
  bool normalizes = false;
  std::vector<std::int64_t> hidden{64, 64};
  cohort::activation activation = cohort::activation::tanh;
  cohort::initial_weights weights = cohort::initial_weights::orthogonal;
  double log_std = 0;
};

struct tuned_ppo {
  std::string environment;
  bool normalizes;
  int count, horizon;
  double gamma, lambda, rate;
  int epochs, minibatch;
  double reward_gamma;

  auto operator()() const {
    return cohort::algorithm{.rollout = cohort::lanes{.count = count, .horizon = horizon},
                             .advantage = cohort::gae{.gamma = gamma, .lambda = lambda},
                             .objective = cohort::clipped_ratio{.epsilon = .2} + cohort::value_loss{.weight = .5},
                             .update = cohort::update{.epochs = epochs,
                                                      .minibatch_size = minibatch,
                                                      .optimizer = cohort::adam{.rate = rate},
                                                      .max_gradient_norm = .5},
                             .reward = cohort::running_reward_scale{.gamma = reward_gamma}};
  }
};
struct tuned_grpo {
  std::string environment;
  bool normalizes;
  int count, group;
  double gamma, rate;
  int epochs, minibatch;

  auto operator()() const {
    return cohort::algorithm{
        .rollout = cohort::groups{.count = count, .group = group},
        .advantage = cohort::group_relative{.by = cohort::credit::return_to_go, .gamma = gamma},
        .objective = cohort::clipped_ratio{.epsilon = .2},
        .update = cohort::update{.epochs = epochs,
                                 .minibatch_size = minibatch,
                                 .normalize = cohort::normalization::none,
                                 .optimizer = cohort::adam{.rate = rate},
                                 .max_gradient_norm = .5},
    };
  }
};
struct tuned_hybrid_grpo {
  std::string environment;
  bool normalizes;
  int lanes, horizon, group;
  double gamma, lambda, rate;
  int epochs, minibatch;

  auto operator()() const {
    return cohort::algorithm{
        .rollout = cohort::probes{.lanes = lanes, .horizon = horizon, .group = group},
        .advantage =
            cohort::hybrid_grpo{
                .gamma = gamma, .lambda = lambda, .target = cohort::critic_target::lambda_return, .tail = true},
        .objective = cohort::clipped_ratio{.epsilon = .2} + cohort::value_loss{.weight = .5},
        .update = cohort::update{.epochs = epochs,
                                 .minibatch_size = minibatch,
                                 .optimizer = cohort::adam{.rate = rate},
                                 .max_gradient_norm = .5},
    };
  }
};

/// An algorithm that `compare` has, with what a sweep found: PPO, GRPO and Hybrid GRPO.
template <class A>
A swept(A a, int count, int horizon, double gamma, double lambda, double rate, int minibatch) {
  a.rollout.count = count, a.rollout.horizon = horizon, a.advantage.gamma = gamma, a.advantage.lambda = lambda;
  a.update.minibatch_size = minibatch, a.update.optimizer.rate = rate;
  return a;
}
template <class A>
A swept(A a, int count, int group, double gamma, double rate, int minibatch) {
  a.rollout.count = count, a.rollout.group = group, a.advantage.gamma = gamma;
  a.update.minibatch_size = minibatch, a.update.optimizer.rate = rate;
  return a;
}
template <class A>
A swept(A a, int lanes, int horizon, int group, double gamma, double lambda, double rate, int minibatch) {
  a.rollout.lanes = lanes, a.rollout.horizon = horizon, a.rollout.group = group;
  a.advantage.gamma = gamma, a.advantage.lambda = lambda;
  a.update.minibatch_size = minibatch, a.update.optimizer.rate = rate;
  return a;
}

/// LunarLander-v3, of either kind of actions.
inline auto lunar_lander_ppo() {
  using namespace cohort;
  return algorithm{
      .rollout = lanes{.count = 16, .horizon = 1024},
      .advantage = gae{.gamma = .999, .lambda = .98},
      .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5} + entropy_bonus{.weight = .01},
      .update = update{.epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = .5}};
}
/// HalfCheetah-v5.
inline auto half_cheetah_ppo() {
  using namespace cohort;
  return algorithm{
      .rollout = lanes{.count = 1, .horizon = 512},
      .advantage = gae{.gamma = .98, .lambda = .92},
      .objective = clipped_ratio{.epsilon = .1} + value_loss{.weight = .58096} + entropy_bonus{.weight = .000401762},
      .update =
          update{.epochs = 20, .minibatch_size = 64, .optimizer = adam{.rate = 2.0633e-5}, .max_gradient_norm = .8},
      .reward = running_reward_scale{.gamma = .98}};
}
inline tuned_policy const half_cheetah_policy{.normalizes = true,
                                              .hidden = {256, 256},
                                              .activation = cohort::activation::relu,
                                              .weights = cohort::initial_weights::uniform,
                                              .log_std = -2};

inline std::vector<tuned_ppo> const& all_tuned_ppo() {
  static std::vector<tuned_ppo> const all{
      {"Acrobot-v1", true, 8, 256, .99, .95, 2.56e-3, 10, 128, .99},
      {"MountainCar-v0", true, 8, 256, .999, .95, 1.47e-3, 10, 256, .99},
      {"MountainCarContinuous-v0", true, 16, 256, .999, .9, 1.14e-3, 10, 64, .999},
  };
  return all;
}
inline std::vector<tuned_grpo> const& all_tuned_grpo() {
  static std::vector<tuned_grpo> const all{
      {"Acrobot-v1", true, 4, 8, .99, 1.08e-3, 10, 256},
      {"MountainCar-v0", false, 4, 16, .999, 1.15e-3, 10, 128},
      {"MountainCarContinuous-v0", true, 2, 16, .999, 1.94e-3, 10, 64},
  };
  return all;
}
inline std::vector<tuned_hybrid_grpo> const& all_tuned_hybrid_grpo() {
  static std::vector<tuned_hybrid_grpo> const all{
      {"Acrobot-v1", true, 8, 128, 4, .999, .9, 2.08e-3, 10, 128},
      {"MountainCar-v0", true, 16, 128, 4, .95, .9, 2.94e-3, 10, 64},
      {"MountainCarContinuous-v0", true, 16, 64, 4, .999, .98, 3.05e-4, 10, 64},
  };
  return all;
}

/// f(algorithm, tuned_policy) with the tuned one of this name, if there is one.
template <class F>
bool with_tuned(std::string const& environment, std::string const& name, F f) {
  auto in = [&](auto const& rows) {
    for (auto const& row : rows)
      if (row.environment == environment) return f(row(), tuned_policy{.normalizes = row.normalizes}), true;
    return false;
  };
  if (environment == "CartPole-v1") {
    cohort::classic_control::cart_pole const e;
    tuned_policy const plain{}, by{.normalizes = true};
    if (name == "ppo") return f(swept(compare::ppo(e, 0), 8, 64, .99, .95, 8.95e-4, 128), plain), true;
    if (name == "grpo") return f(swept(compare::grpo(e, 0), 1, 8, .999, 3.71e-4, 256), by), true;
    if (name == "hybrid_grpo") return f(swept(compare::hybrid_grpo(e, 0), 8, 64, 4, .99, .98, 6.03e-4, 64), by), true;
  }
  if (environment == "Pendulum-v1") {
    cohort::classic_control::pendulum const e;
    tuned_policy const by{};
    if (name == "ppo") return f(swept(compare::ppo(e, 0), 4, 1024, .95, .9, 1e-3, 128), by), true;
    if (name == "grpo") return f(swept(compare::grpo(e, 0), 4, 4, .95, 1.05e-3, 128), by), true;
    if (name == "hybrid_grpo") return f(swept(compare::hybrid_grpo(e, 0), 8, 512, 2, .9, .95, 1.98e-3, 128), by), true;
  }
  if (environment == "gymnasium:LunarLander-v3" && name == "ppo") return f(lunar_lander_ppo(), tuned_policy{}), true;
  if (environment == "gymnasium:HalfCheetah-v5" && name == "ppo")
    return f(half_cheetah_ppo(), half_cheetah_policy), true;
  if (name == "ppo") return in(all_tuned_ppo());
  if (name == "grpo") return in(all_tuned_grpo());
  if (name == "hybrid_grpo") return in(all_tuned_hybrid_grpo());
  return false;
}

}  // namespace cli
