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

/// What a sweep found best for an environment: whether the policy normalizes what it observes, and the numbers of the
/// sweep's fields, as many of them as it has.
struct swept {
  char const* environment;
  bool normalizes;
  std::vector<double> numbers;
};
struct sweep_results {
  char const* algorithm;
  std::vector<char const*> fields;
  std::vector<swept> best;
};
inline std::vector<sweep_results> const& all_swept() {
  static std::vector<sweep_results> const all{
      {"ppo",
       {"rollout.count", "rollout.horizon", "advantage.gamma", "advantage.lambda", "update.rate",
        "update.minibatch_size", "reward.gamma"},
       {{"CartPole-v1", false, {8, 64, .99, .95, 8.95e-4, 128}},
        {"Acrobot-v1", true, {8, 256, .99, .95, 2.56e-3, 128, .99}},
        {"MountainCar-v0", true, {8, 256, .999, .95, 1.47e-3, 256, .99}},
        {"MountainCarContinuous-v0", true, {16, 256, .999, .9, 1.14e-3, 64, .999}},
        {"Pendulum-v1", false, {4, 1024, .95, .9, 1e-3, 128}}}},
      {"grpo",
       {"rollout.count", "rollout.group", "advantage.gamma", "update.rate", "update.minibatch_size"},
       {{"CartPole-v1", true, {1, 8, .999, 3.71e-4, 256}},
        {"Acrobot-v1", true, {4, 8, .99, 1.08e-3, 256}},
        {"MountainCar-v0", false, {4, 16, .999, 1.15e-3, 128}},
        {"MountainCarContinuous-v0", true, {2, 16, .999, 1.94e-3, 64}},
        {"Pendulum-v1", false, {4, 4, .95, 1.05e-3, 128}}}},
      {"hybrid_grpo",
       {"rollout.lanes", "rollout.horizon", "rollout.group", "advantage.gamma", "advantage.lambda", "update.rate",
        "update.minibatch_size"},
       {{"CartPole-v1", true, {8, 64, 4, .99, .98, 6.03e-4, 64}},
        {"Acrobot-v1", true, {8, 128, 4, .999, .9, 2.08e-3, 128}},
        {"MountainCar-v0", true, {16, 128, 4, .95, .9, 2.94e-3, 64}},
        {"MountainCarContinuous-v0", true, {16, 64, 4, .999, .98, 3.05e-4, 64}},
        {"Pendulum-v1", false, {8, 512, 2, .9, .95, 1.98e-3, 128}}}},
  };
  return all;
}

/// f(algorithm) with the one of `compare` that a sweep began with: CartPole's, or Pendulum's, whose rate and clip do
/// not fall; where rewards are far from 1, PPO scales them.
template <class F>
void with_swept(std::string const& environment, std::string const& name, F f) {
  auto on = [&](auto const& e) {
    if (name == "ppo") f(compare::ppo(e, 0));
    if (name == "grpo") f(compare::grpo(e, 0));
    if (name == "hybrid_grpo") f(compare::hybrid_grpo(e, 0));
  };
  if (environment == "CartPole-v1") return on(cohort::classic_control::cart_pole{});
  cohort::classic_control::pendulum const e;
  if (name != "ppo" || environment == "Pendulum-v1") return on(e);
  auto const a = compare::ppo(e, 0);
  f(cohort::algorithm{.rollout = a.rollout,
                      .advantage = a.advantage,
                      .objective = a.objective,
                      .aggregation = a.aggregation,
                      .update = a.update,
                      .reward = cohort::running_reward_scale{}});
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

/// f(algorithm, tuned_policy) with the tuned one of this name, if there is one.
template <class F>
bool with_tuned(std::string const& environment, std::string const& name, F f) {
  if (environment == "gymnasium:LunarLander-v3" && name == "ppo") return f(lunar_lander_ppo(), tuned_policy{}), true;
  if (environment == "gymnasium:HalfCheetah-v5" && name == "ppo")
    return f(half_cheetah_ppo(), half_cheetah_policy), true;
  for (auto const& sweep : all_swept())
    for (auto const& found : sweep.best) {
      if (name != sweep.algorithm || environment != found.environment) continue;
      with_swept(environment, name, [&](auto a) {
        std::vector<cohort::setting> settings;
        for (std::size_t i = 0; i < found.numbers.size(); ++i) settings.emplace_back(sweep.fields[i], found.numbers[i]);
        a.update.optimizer.rate = 1;  // a number, which does not fall, in the place of what the algorithm begins with
        cohort::apply_settings(a, settings);
        f(a, tuned_policy{.normalizes = found.normalizes});
      });
      return true;
    }
  return false;
}

}  // namespace cli
