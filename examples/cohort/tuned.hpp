#pragma once
#include <cohort/cohort.hpp>
#include <string>
#include <vector>

#include "../compare/presets.hpp"

// The algorithms with which `cohort` trains environments of which nothing else is said: each the best of one sweep of
// bench/sweeps, which gives PPO, GRPO and Hybrid GRPO the same number of settings, seeds and steps. (MountainCar is not
// swept yet: its numbers were found by hand.) Those of Gymnasium's environments are rl-baselines3-zoo's.

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

  auto operator()() const {
    return cohort::algorithm{.rollout = cohort::lanes{.count = count, .horizon = horizon},
                             .advantage = cohort::gae{.gamma = gamma, .lambda = lambda},
                             .objective = cohort::clipped_ratio{.epsilon = .2} + cohort::value_loss{.weight = .5},
                             .update = cohort::update{.epochs = epochs,
                                                      .minibatch_size = minibatch,
                                                      .optimizer = cohort::adam{.rate = rate},
                                                      .max_gradient_norm = .5},
                             .reward = cohort::running_reward_scale{.gamma = gamma}};
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
      {"Acrobot-v1", true, 8, 256, .99, .95, 2.56e-3, 10, 128},
      {"MountainCar-v0", true, 16, 64, .99, .98, 1e-3, 10, 128},
      {"MountainCarContinuous-v0", true, 16, 256, .999, .9, 1.14e-3, 10, 64},
  };
  return all;
}
inline std::vector<tuned_grpo> const& all_tuned_grpo() {
  static std::vector<tuned_grpo> const all{
      {"Acrobot-v1", true, 4, 8, .99, 1.08e-3, 10, 256},
      {"MountainCar-v0", true, 2, 8, .99, 1e-3, 10, 256},
      {"MountainCarContinuous-v0", true, 2, 16, .999, 1.94e-3, 10, 64},
  };
  return all;
}
inline std::vector<tuned_hybrid_grpo> const& all_tuned_hybrid_grpo() {
  static std::vector<tuned_hybrid_grpo> const all{
      {"Acrobot-v1", true, 8, 128, 4, .999, .9, 2.08e-3, 10, 128},
      {"MountainCar-v0", true, 8, 64, 2, .99, .98, 1e-3, 10, 128},
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
  auto zoo = [&](auto const& e) {
    if (name == "ppo") return f(compare::ppo(e, 0), tuned_policy{}), true;
    if (name == "grpo") return f(compare::grpo(e, 0), tuned_policy{}), true;
    if (name == "hybrid_grpo") return f(compare::hybrid_grpo(e, 0), tuned_policy{}), true;
    return false;
  };
  if (environment == "CartPole-v1") return zoo(cohort::classic_control::cart_pole{});
  if (environment == "Pendulum-v1") return zoo(cohort::classic_control::pendulum{});
  if (environment == "gymnasium:LunarLander-v3" && name == "ppo") return f(lunar_lander_ppo(), tuned_policy{}), true;
  if (environment == "gymnasium:HalfCheetah-v5" && name == "ppo")
    return f(half_cheetah_ppo(), half_cheetah_policy), true;
  if (name == "ppo") return in(all_tuned_ppo());
  if (name == "grpo") return in(all_tuned_grpo());
  if (name == "hybrid_grpo") return in(all_tuned_hybrid_grpo());
  return false;
}

}  // namespace cli
