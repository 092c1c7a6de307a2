#pragma once
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/exact_kl_penalty.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/optimizer/rmsprop.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/update/trust_region.hpp>

// Algorithms of environments with a critic. A preset is called for its algorithm, whose members may then be changed:
// auto a = preset::ppo(); a.rollout.count = 8.

namespace cohort::preset {

/// PPO as its paper has it for continuous control, table 3: -min(r A, clip(r) A) on GAE's advantages, the critic's
/// squared error beside it.
struct ppo_preset {
  static constexpr source from{"ppo", "Schulman et al. 2017, arXiv:1707.06347, eq. 7 and 9, table 3",
                               "T 2048, 10 epochs, minibatches of 64, rate 3e-4, gamma .99, lambda .95, clip .2; no "
                               "entropy bonus, networks apart",
                               "advantages are normalized over the batch as in the authors' code; c1 is 1, irrelevant "
                               "to networks apart; Adam's epsilon 1e-5 is the code's"};
  auto operator()() const {
    return algorithm{
        .rollout = lanes{.count = 1, .steps = 2048},
        .advantage = gae{.gamma = .99, .lambda = .95},
        .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = 1},
        .update = update{
            .epochs = 10, .minibatch = steps{64}, .normalize = normalization::batch, .optimizer = adam{.rate = 3e-4}}};
  }
};
inline constexpr ppo_preset ppo{};

/// The clip of PPO's Atari runs falls with the rate.
struct falling_clip {
  constexpr auto operator()(double epsilon) const { return clipped_ratio{.epsilon = epsilon}; }
};

/// PPO as its paper has it for Atari, table 5: rate and clip fall to 0 in a straight line, the entropy is paid for.
struct ppo_atari_preset {
  static constexpr source from{
      "ppo_atari", "Schulman et al. 2017, arXiv:1707.06347, eq. 9, table 5",
      "8 actors, T 128, 3 epochs, minibatches of 256, rate 2.5e-4 and clip .1 falling, gamma .99, lambda .95, c1 1, c2 "
      ".01",
      "written down from memory; advantages are normalized over the batch as in the authors' code"};
  auto operator()() const {
    return algorithm{
        .rollout = lanes{.count = 8, .steps = 128},
        .advantage = gae{.gamma = .99, .lambda = .95},
        .objective = scheduled{linear{.1, 0}, falling_clip{}} + value_loss{.weight = 1} + entropy_bonus{.weight = .01},
        .update = update{.epochs = 3,
                         .minibatch = steps{256},
                         .normalize = normalization::batch,
                         .optimizer = adam{.rate = linear{2.5e-4, 0}}}};
  }
};
inline constexpr ppo_atari_preset ppo_atari{};

/// PPO with the "37 implementation details", continuous control: the value clipped too, advantages normalized by
/// minibatch, rewards over their running deviation.
struct ppo_37_preset {
  static constexpr source from{
      "ppo_37", "Huang et al. 2022, The 37 implementation details of PPO; CleanRL's ppo_continuous_action",
      "T 2048, 10 epochs of 32 minibatches, rate 3e-4 falling, Adam's epsilon 1e-5, gradient norm .5, clip .2 also of "
      "the value, c1 .5 of half the "
      "square, c2 0; "
      "rewards over the deviation of their return, within 10",
      "normalized observations, clipped to 10, are not a part of an algorithm here; what truncates an episode "
      "bootstraps, in CleanRL it does not"};
  auto operator()() const {
    return algorithm{.rollout = lanes{.count = 1, .steps = 2048},
                     .advantage = gae{.gamma = .99, .lambda = .95},
                     .objective = clipped_ratio{.epsilon = .2} + clipped_value_loss{.weight = .25, .clip = .2},
                     .update = update{.epochs = 10,
                                      .minibatches = 32,
                                      .normalize = normalization::minibatch,
                                      .optimizer = adam{.rate = linear{3e-4, 0}},
                                      .max_gradient_norm = .5},
                     .reward = running_reward_scale{.gamma = .99, .clip = 10}};
  }
};
inline constexpr ppo_37_preset ppo_37{};

/// PPO with an adaptive penalty in the place of the clip: -r A + beta KL(old || pi), beta doubled or halved where KL
/// leaves [target / 1.5, 1.5 target].
struct ppo_kl_preset {
  static constexpr source from{
      "ppo_kl", "Schulman et al. 2017, arXiv:1707.06347, eq. 8, section 4 and table 1",
      "target .01, the best of the three that were tried; factor 2, tolerance 1.5, beta 1 at first; the rest as ppo",
      "advantages are normalized over the batch as in the authors' code; beta is told an estimate of KL over the last "
      "minibatch"};
  auto operator()() const {
    return algorithm{
        .rollout = lanes{.count = 1, .steps = 2048},
        .advantage = gae{.gamma = .99, .lambda = .95},
        .objective = importance_ratio{} + old_kl_penalty{.weight = doubling_kl{.weight = 1, .target = .01}} +
                     value_loss{.weight = 1},
        .update = update{
            .epochs = 10, .minibatch = steps{64}, .normalize = normalization::batch, .optimizer = adam{.rate = 3e-4}}};
  }
};
inline constexpr ppo_kl_preset ppo_kl{};

/// A2C, the synchronous A3C: -A log pi with n-step returns less V, n what is left of 5 steps.
struct a2c_preset {
  static constexpr source from{
      "a2c", "Mnih et al. 2016, arXiv:1602.01783, algorithm S3 and section 8",
      "16 actors, 5 steps, gamma .99, entropy weight .01, one pass, no ratio, advantages as they are",
      "RMSprop's decay and epsilon, the rate, .5 of the squared error and the gradient norm are Stable-Baselines3's"};
  auto operator()() const {
    return algorithm{.rollout = lanes{.count = 16, .steps = 5},
                     .advantage = monte_carlo{.gamma = .99},
                     .objective = policy_gradient{} + value_loss{.weight = .5} + entropy_bonus{.weight = .01},
                     .update = update{.epochs = 1,
                                      .normalize = normalization::none,
                                      .optimizer = rmsprop{.rate = 7e-4},
                                      .max_gradient_norm = .5}};
  }
};
inline constexpr a2c_preset a2c{};

/// TRPO: one step along the natural gradient, as far as KL(old || pi) <= .01 allows.
struct trpo_preset {
  static constexpr source from{
      "trpo", "Schulman et al. 2015, arXiv:1502.05477, eq. 14, section 6 and appendix C",
      "the constrained step: conjugate gradients, line search, KL(old || pi) within .01; gamma .99",
      "the paper has no critic and batches of up to 50,000 steps: GAE with lambda .95, 2048 steps, damping .1, 15 "
      "iterations and the critic's update are sb3-contrib's"};
  auto operator()() const {
    return algorithm{.rollout = lanes{.count = 1, .steps = 2048},
                     .advantage = gae{.gamma = .99, .lambda = .95},
                     .objective = importance_ratio{} + value_loss{.weight = 1},
                     .update = trust_region<>{.target_kl = .01}};
  }
};
inline constexpr trpo_preset trpo{};

}  // namespace cohort::preset
