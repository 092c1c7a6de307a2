#pragma once
#include <cohort/advantage/hybrid_grpo.hpp>

/// Hybrid GRPO as its author has published it, in three places that differ. What is certain and what is reconstructed:
/// docs/algorithms/hybrid_grpo.md.
namespace cohort::sane2025 {

/// The paper's main formula, most likely: (1/N) sum_i tanh(r_i) + V(s') - V(s), one number for the whole group. Its expected gradient is 1/N of
/// the policy gradient.
inline constexpr hybrid_grpo paper{
    .baseline = {.kappa = 0}, .transform = reward_transform::tanh, .after = bootstrap::undiscounted, .averaged = true};

/// The pull request of March 2025, without its second GAE pass: tanh(r_i) + gamma V(s'_i) - V(s), minus the group's mean (so V(s) cancels).
inline constexpr hybrid_grpo pull_request{.baseline = {.kappa = 1}, .transform = reward_transform::tanh};

/// The fork of September 2025: tanh of the group's z-score, no bootstrap; the critic learns from the executed branch by GAE. There the action with
/// the largest reward is executed: probes{.execute = executed_probe::best}.
inline constexpr hybrid_grpo fork{.baseline = {.weight = 0},
                                  .transform = reward_transform::tanh_of_group_score,
                                  .after = bootstrap::none,
                                  .target = critic_target::lambda_return};

}  // namespace cohort::sane2025
