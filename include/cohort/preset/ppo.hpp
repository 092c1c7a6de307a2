#pragma once
#include <cohort/advantage/running_reward_scale.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/exact_kl_penalty.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/source.hpp>

namespace COHORT_NAMESPACE::preset {

/// PPO as its paper has it for continuous control, table 3: -min(r A, clip(r) A) on GAE's advantages, the critic's
/// squared error beside it.
inline constexpr composition ppo{
    {"ppo", "Schulman et al. 2017, arXiv:1707.06347, eq. 7 and 9, table 3",
     "T 2048, 10 epochs, minibatches of 64, rate 3e-4, gamma .99, lambda .95, clip .2; no entropy bonus, networks "
     "apart",
     "advantages are normalized over the batch as in the authors' code; c1 is 1, irrelevant to networks apart; Adam's "
     "epsilon 1e-5 is the code's"},
    [] {
      return algorithm{
          .rollout = lanes{.count = 1, .horizon = 2048},
          .advantage = gae{.gamma = .99, .lambda = .95},
          .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = 1},
          .update = update{
              .epochs = 10, .minibatch_size = 64, .normalize = normalization::batch, .optimizer = adam{.rate = 3e-4}}};
    }};

/// The clip of PPO's Atari runs falls with the rate.
struct falling_clip {
  static constexpr char const* number = "epsilon";  // of which it makes one, for run/settings.hpp
  constexpr auto operator()(double epsilon) const { return clipped_ratio{.epsilon = epsilon}; }
};

/// PPO as its paper has it for Atari, table 5: rate and clip fall to 0 in a straight line, the entropy is paid for.
inline constexpr composition ppo_atari{
    {"ppo_atari", "Schulman et al. 2017, arXiv:1707.06347, eq. 9, table 5",
     "8 actors, T 128, 3 epochs, minibatches of 256, rate 2.5e-4 and clip .1 falling, gamma .99, lambda .95, c1 1, c2 "
     ".01",
     "written down from memory; advantages are normalized over the batch as in the authors' code"},
    [] {
      return algorithm{.rollout = lanes{.count = 8, .horizon = 128},
                       .advantage = gae{.gamma = .99, .lambda = .95},
                       .objective = scheduled{linear{.1, 0}, falling_clip{}} + value_loss{.weight = 1} +
                                    entropy_bonus{.weight = .01},
                       .update = update{.epochs = 3,
                                        .minibatch_size = 256,
                                        .normalize = normalization::batch,
                                        .optimizer = adam{.rate = linear{2.5e-4, 0}}}};
    }};

/// PPO with the "37 implementation details", continuous control: the value clipped too, advantages normalized by
/// minibatch, rewards over their running deviation.
inline constexpr composition ppo_37{
    {"ppo_37", "Huang et al. 2022, The 37 implementation details of PPO; CleanRL's ppo_continuous_action",
     "T 2048, 10 epochs of 32 minibatches, rate 3e-4 falling, Adam's epsilon 1e-5, gradient norm .5, clip .2 also of "
     "the value, c1 .5 of half the square, c2 0; rewards over the deviation of their return, within 10",
     "normalized observations, clipped to 10, are not a part of an algorithm here; what truncates an episode "
     "bootstraps, in CleanRL it does not"},
    [] {
      return algorithm{.rollout = lanes{.count = 1, .horizon = 2048},
                       .advantage = gae{.gamma = .99, .lambda = .95},
                       .objective = clipped_ratio{.epsilon = .2} + clipped_value_loss{.weight = .25, .clip = .2},
                       .update = update{.epochs = 10,
                                        .minibatches = 32,
                                        .normalize = normalization::minibatch,
                                        .optimizer = adam{.rate = linear{3e-4, 0}},
                                        .max_gradient_norm = .5},
                       .reward = running_reward_scale{.gamma = .99, .clip = 10}};
    }};

/// PPO with an adaptive penalty in the place of the clip: -r A + beta KL(old || pi), beta doubled or halved where KL
/// leaves [target / 1.5, 1.5 target].
inline constexpr composition ppo_kl{
    {"ppo_kl", "Schulman et al. 2017, arXiv:1707.06347, eq. 8, section 4 and table 1",
     "target .01, the best of the three that were tried; factor 2, tolerance 1.5, beta 1 at first; the rest as ppo",
     "advantages are normalized over the batch as in the authors' code; beta is told an estimate of KL over the last "
     "minibatch"},
    [] {
      return algorithm{
          .rollout = lanes{.count = 1, .horizon = 2048},
          .advantage = gae{.gamma = .99, .lambda = .95},
          .objective = importance_ratio{} + old_kl_penalty{.weight = doubling_kl{.weight = 1, .target = .01}} +
                       value_loss{.weight = 1},
          .update = update{
              .epochs = 10, .minibatch_size = 64, .normalize = normalization::batch, .optimizer = adam{.rate = 3e-4}}};
    }};

}  // namespace COHORT_NAMESPACE::preset
