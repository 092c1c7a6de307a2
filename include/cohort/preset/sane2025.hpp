#pragma once
#include <cohort/advantage/advantage_as_reward.hpp>
#include <cohort/advantage/chained_samples.hpp>
#include <cohort/advantage/hybrid_grpo.hpp>

/// Hybrid GRPO as its author has published it, in places that differ. What is certain and what is reconstructed:
/// docs/algorithms/hybrid_grpo.md.
namespace cohort::sane2025 {

/// The paper's main formula, most likely: (1/N) sum_i tanh(r_i) + V(s') - V(s), one number for the whole group. Its
/// expected gradient is 1/N of the policy gradient.
inline constexpr hybrid_grpo paper{
    .baseline = {.kappa = 0}, .transform = reward_transform::tanh, .after = bootstrap::undiscounted, .averaged = true};

/// The pull requests of the paper's time, January and February 2025: tanh of the reward's z-score over the batch, and
/// GAE along the samples of all states as if they followed one another. numpy's standard deviation.
inline constexpr chained_samples first_pull_request{.ddof = 0};

/// The pull request of March 2025, without its second GAE pass: tanh(r_i) + gamma V(s'_i) - V(s), minus the group's
/// mean (so V(s) cancels).
inline constexpr hybrid_grpo pull_request{.baseline = {.kappa = 1}, .transform = reward_transform::tanh};

/// The same with it: the executed sample's advantage in the place of its reward, tanh of the z-score over the batch,
/// and GAE. There the last sample is executed, here the first: they are drawn alike.
inline constexpr advantage_as_reward<hybrid_grpo> pull_request_second_pass{.estimator = pull_request, .ddof = 0};

/// The fork of September 10, 2025: tanh of the group's z-score, no bootstrap; the critic learns from the executed
/// branch by GAE. There the action with the largest reward is executed: probes{.execute = executed_probe::best}.
inline constexpr hybrid_grpo fork{.baseline = {.weight = 0},
                                  .transform = reward_transform::tanh_of_group_score,
                                  .after = bootstrap::none,
                                  .target = critic_target::lambda_return};

/// The fork of September 25, 2025: the same advantages; the critic learns mean_i [r_i + gamma (1 - d_i) V(s'_i)].
/// (There by Huber's loss.)
inline constexpr hybrid_grpo fork_mean_target{.baseline = {.weight = 0},
                                              .transform = reward_transform::tanh_of_group_score,
                                              .after = bootstrap::none,
                                              .target = critic_target::plain_mean};

/// Its last version: tanh(2.5 m_i) r_i, m the reward's place between the group's least and largest. "pos" takes it as
/// the advantage.
inline constexpr hybrid_grpo fork_positive{.baseline = {.weight = 0},
                                           .transform = reward_transform::weighted_in_group,
                                           .after = bootstrap::none,
                                           .target = critic_target::plain_mean};

/// And "centered", its default, the z-score of that over the group (n, not n - 1). Executed is the best action, or one
/// drawn by softmax of the z-scores: probes{.execute = executed_probe::softmax}.
inline constexpr hybrid_grpo fork_centered{.baseline = {.kappa = 1},
                                           .scale = group_scale::group_std,
                                           .transform = reward_transform::weighted_in_group,
                                           .after = bootstrap::none,
                                           .target = critic_target::plain_mean,
                                           .ddof = 0};

}  // namespace cohort::sane2025
