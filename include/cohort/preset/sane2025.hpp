#pragma once
#include <cohort/advantage/advantage_as_reward.hpp>
#include <cohort/advantage/chained_samples.hpp>
#include <cohort/advantage/group_statistics.hpp>
#include <cohort/advantage/hybrid_grpo.hpp>
#include <cohort/advantage/reward_transform.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/rollout/executed_probe.hpp>
#include <cohort/rollout/probes.hpp>

/// Hybrid GRPO as its author has published it, in places that differ. What is certain and what is reconstructed:
/// docs/algorithms/hybrid_grpo.md.
namespace COHORT_NAMESPACE::preset::sane2025 {

/// The paper's main formula, most likely: (1/N) sum_i tanh(r_i) + V(s') - V(s), one number for the whole group. Its
/// expected gradient is 1/N of the policy gradient.
inline constexpr cohort::hybrid_grpo paper{
    .baseline = {.kappa = 0}, .transform = reward_transform::tanh, .after = bootstrap::undiscounted, .averaged = true};

/// The pull requests of the paper's time, January and February 2025: tanh of the reward's z-score over the batch, and
/// GAE along the samples of all states as if they followed one another. numpy's standard deviation.
inline constexpr chained_samples first_pull_request{.ddof = 0};

/// The pull request of March 2025, without its second GAE pass: tanh(r_i) + gamma V(s'_i) - V(s), minus the group's
/// mean (so V(s) cancels).
inline constexpr cohort::hybrid_grpo pull_request{.baseline = {.kappa = 1}, .transform = reward_transform::tanh};

/// The same with it: the executed sample's advantage in the place of its reward, tanh of the z-score over the batch,
/// and GAE. There the last sample is executed, here the first: they are drawn alike.
inline constexpr advantage_as_reward<cohort::hybrid_grpo> pull_request_second_pass{.estimator = pull_request,
                                                                                   .ddof = 0};

/// The fork of September 10, 2025: tanh of the group's z-score, no bootstrap; the critic learns from the executed
/// branch by GAE. There the action with the largest reward is executed: probes{.execute = executed_probe::best}.
inline constexpr cohort::hybrid_grpo fork{.baseline = {.weight = 0},
                                          .transform = reward_transform::tanh_of_group_score,
                                          .after = bootstrap::none,
                                          .target = critic_target::lambda_return};

/// The fork of September 25, 2025: the same advantages; the critic learns mean_i [r_i + gamma (1 - d_i) V(s'_i)].
/// (There by Huber's loss.)
inline constexpr cohort::hybrid_grpo fork_mean_target{.baseline = {.weight = 0},
                                                      .transform = reward_transform::tanh_of_group_score,
                                                      .after = bootstrap::none,
                                                      .target = critic_target::plain_mean};

/// Its last version: tanh(2.5 m_i) r_i, m the reward's place between the group's least and largest. "pos" takes it as
/// the advantage.
inline constexpr cohort::hybrid_grpo fork_positive{.baseline = {.weight = 0},
                                                   .transform = reward_transform::weighted_in_group,
                                                   .after = bootstrap::none,
                                                   .target = critic_target::plain_mean};

/// And "centered", its default, the z-score of that over the group (n, not n - 1). Executed is the best action, or one
/// drawn by softmax of the z-scores: probes{.execute = executed_probe::softmax}.
inline constexpr cohort::hybrid_grpo fork_centered{.baseline = {.kappa = 1},
                                                   .scale = group_scale::group_std,
                                                   .transform = reward_transform::weighted_in_group,
                                                   .after = bootstrap::none,
                                                   .target = critic_target::plain_mean,
                                                   .ddof = 0};

}  // namespace COHORT_NAMESPACE::preset::sane2025

namespace COHORT_NAMESPACE::preset {

/// The author's forms around his own constants: of the paper's time his pursuit environment, later those of his fork of
/// CleanRL.
template <class Advantage>
auto sane2025_of_pull_requests(Advantage advantage, normalization normalize = normalization::minibatch) {
  advantage.gamma = .85, advantage.lambda = .8;
  return algorithm{.rollout = probes{.lanes = 1, .horizon = 600, .group = 5},
                   .advantage = advantage,
                   .objective = clipped_ratio{.epsilon = .4} + value_loss{.weight = .85},
                   .update = update{.epochs = 10,
                                    .minibatch_size = 100,
                                    .normalize = normalize,
                                    .optimizer = adam{.rate = linear{2e-4, 0}},
                                    .max_gradient_norm = .5}};
}
inline auto sane2025_of_fork(cohort::hybrid_grpo const& advantage) {
  return algorithm{.rollout = probes{.lanes = 1, .horizon = 2048, .group = 4, .execute = executed_probe::best},
                   .advantage = advantage,
                   .objective = clipped_ratio{.epsilon = .2} + clipped_value_loss{.weight = .25, .clip = .2},
                   .update = update{.epochs = 10,
                                    .minibatches = 32,
                                    .normalize = normalization::none,
                                    .optimizer = adam{.rate = linear{3e-4, 0}},
                                    .max_gradient_norm = .5}};
}

/// (1/N) sum_i tanh(r_i) + V(s') - V(s), the same for all of a group.
inline constexpr composition sane2025_paper{
    {"sane2025_paper", "Sane 2025, arXiv:2502.01652, main formula as reconstructed",
     "tanh of rewards, a bootstrap, a group's average: most likely",
     "the formula was not read; N 5, T 600, gamma .85, lambda .8, clip .4, .85, rate 2e-4 falling are those of his "
     "environment on the paper's date"},
    [] { return sane2025_of_pull_requests(sane2025::paper); }};

/// GAE along all samples of all states, of tanh of the batch's z-scores.
inline constexpr composition sane2025_first_pull_request{
    {"sane2025_first_pull_request", "stable-baselines3 pull requests 272 and 275, January and February 2025",
     "advantage: code read", "constants as sane2025_paper"},
    [] { return sane2025_of_pull_requests(sane2025::first_pull_request); }};

/// tanh(r_i) + gamma V(s'_i) - V(s), less the group's mean.
inline constexpr composition sane2025_pull_request{
    {"sane2025_pull_request", "stable-baselines3 pull request 275, March 2025, without its second pass",
     "advantage: code read", "constants as sane2025_paper"},
    [] { return sane2025_of_pull_requests(sane2025::pull_request); }};

/// The executed sample's advantage in the place of its reward, and GAE.
inline constexpr composition sane2025_second_pass{
    {"sane2025_second_pass", "stable-baselines3 pull request 275, March 2025",
     "advantage: code read; there the last sample is executed, here the first",
     "constants as sane2025_paper; gamma and lambda of the second pass"},
    [] {
      auto twice = sane2025::pull_request_second_pass;
      twice.estimator.gamma = .85;
      return sane2025_of_pull_requests(twice, normalization::none);
    }};

/// tanh of the group's z-score; the critic by GAE on the executed branch.
inline constexpr composition sane2025_fork{{"sane2025_fork", "Sane's fork of CleanRL, 10 September 2025 (6aa5abbe)",
                                            "advantage, K 4, the best action is executed: code read",
                                            "the other constants are those of CleanRL's ppo_continuous_action"},
                                           [] { return sane2025_of_fork(sane2025::fork); }};

/// The same; the critic learns the mean over the group.
inline constexpr composition sane2025_fork_mean_target{
    {"sane2025_fork_mean_target", "Sane's fork of CleanRL, 25 September 2025 (2e21400)", "advantage, target: code read",
     "Huber's loss is squared here; constants as sane2025_fork"},
    [] { return sane2025_of_fork(sane2025::fork_mean_target); }};

/// tanh(2.5 m_i) r_i, m the reward's place in its group.
inline constexpr composition sane2025_fork_positive{
    {"sane2025_fork_positive", "Sane's fork of CleanRL, 25 September 2025 (56c11cf), \"pos\"", "advantage: code read",
     "constants as sane2025_fork; there the rollout is K times as long"},
    [] { return sane2025_of_fork(sane2025::fork_positive); }};

/// The z-score of that over the group.
inline constexpr composition sane2025_fork_centered{
    {"sane2025_fork_centered", "Sane's fork of CleanRL, 25 September 2025 (56c11cf), its default",
     "advantage: code read", "constants as sane2025_fork; there the rollout is K times as long"},
    [] { return sane2025_of_fork(sane2025::fork_centered); }};

}  // namespace COHORT_NAMESPACE::preset
