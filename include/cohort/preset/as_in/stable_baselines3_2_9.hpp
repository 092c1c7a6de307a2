#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/as_in/rules.hpp>
#include <cohort/update/update.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// Stable-Baselines3 2.9's PPO with its defaults.
struct stable_baselines3_2_9 {
  static constexpr rules_in_words rules{
      "stable_baselines3_2_9",
      "Stable-Baselines3 2.9.2, PPO",
      "GAE, gamma 0.99, lambda 0.95; a truncation bootstraps",
      "(A - mean) / (std + 1e-8), ddof 1, of each minibatch",
      "exp(logp - old), clipped to [0.8, 1.2]",
      "none",
      "over the steps of a minibatch",
      "its own code: a whole update (tests/golden/ppo_update.py)",
  };
  static auto advantage() { return gae{.gamma = .99, .lambda = .95}; }
  static std::optional<standardize> normalize() { return standardize{}; }
  static auto ratio() { return clipped_ratio{.epsilon = .2}; }
  static constexpr kl_place kl_at = kl_place::none;
  static auto mean() { return step_mean{}; }
  static auto loss() { return ratio(); }
  static auto objective() { return loss() + value_loss{.weight = .5}; }
  static auto update() {
    return cohort::update{.epochs = 10,
                          .minibatch_size = 64,
                          .normalize = normalization::minibatch,
                          .optimizer = adam{.rate = 3e-4, .epsilon = 1e-5},
                          .max_gradient_norm = .5};
  }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
