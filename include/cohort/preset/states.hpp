#pragma once
#include <cohort/advantage/gigpo.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/sane2025.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/rollout/groups.hpp>
#include <cohort/rollout/probes.hpp>
#include <cohort/rollout/vine.hpp>

// Algorithms on copies of an environment's state.

namespace cohort::preset {

/// Hybrid GRPO as this library recommends it: each of 4 actions has its own q_i less the mean of V(s) and the group's
/// mean; probes count as steps.
struct hybrid_grpo_preset {
  static constexpr source from{"hybrid_grpo", "after Sane 2025, arXiv:2502.01652; docs/algorithms/hybrid_grpo.md",
                               "nothing: the library's own choice of what the paper leaves open",
                               "all of it, with PPO's constants"};
  auto operator()() const {
    return algorithm{
        .rollout = probes{.lanes = 8, .steps = 32, .group = 4},
        .advantage = cohort::hybrid_grpo{.gamma = .99, .baseline = {.kappa = .5}},
        .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
        .update =
            update{.epochs = 10, .minibatch = steps{256}, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = .5}};
  }
};
inline constexpr hybrid_grpo_preset hybrid_grpo{};

/// The author's forms around his own constants: of the paper's time his pursuit environment, later those of his fork of
/// CleanRL.
template <class Advantage>
auto sane2025_of_pull_requests(Advantage advantage, normalization normalize = normalization::minibatch) {
  advantage.gamma = .85, advantage.lambda = .8;
  return algorithm{.rollout = probes{.lanes = 1, .steps = 600, .group = 5},
                   .advantage = advantage,
                   .objective = clipped_ratio{.epsilon = .4} + value_loss{.weight = .85},
                   .update = update{.epochs = 10,
                                    .minibatch = steps{100},
                                    .normalize = normalize,
                                    .optimizer = adam{.rate = linear{2e-4, 0}},
                                    .max_gradient_norm = .5}};
}
inline auto sane2025_of_fork(cohort::hybrid_grpo const& advantage) {
  return algorithm{.rollout = probes{.lanes = 1, .steps = 2048, .group = 4, .execute = executed_probe::best},
                   .advantage = advantage,
                   .objective = clipped_ratio{.epsilon = .2} + clipped_value_loss{.weight = .25, .clip = .2},
                   .update = update{.epochs = 10,
                                    .minibatches = 32,
                                    .normalize = normalization::none,
                                    .optimizer = adam{.rate = linear{3e-4, 0}},
                                    .max_gradient_norm = .5}};
}

/// (1/N) sum_i tanh(r_i) + V(s') - V(s), the same for all of a group.
struct sane2025_paper_preset {
  static constexpr source from{"sane2025_paper", "Sane 2025, arXiv:2502.01652, main formula as reconstructed",
                               "tanh of rewards, a bootstrap, a group's average: most likely",
                               "the formula was not read; N 5, T 600, gamma .85, lambda .8, clip .4, .85, rate 2e-4 "
                               "falling are those of his environment on the paper's date"};
  auto operator()() const { return sane2025_of_pull_requests(sane2025::paper); }
};
inline constexpr sane2025_paper_preset sane2025_paper{};

/// GAE along all samples of all states, of tanh of the batch's z-scores.
struct sane2025_first_pull_request_preset {
  static constexpr source from{"sane2025_first_pull_request",
                               "stable-baselines3 pull requests 272 and 275, January and February 2025",
                               "advantage: code read", "constants as sane2025_paper"};
  auto operator()() const { return sane2025_of_pull_requests(sane2025::first_pull_request); }
};
inline constexpr sane2025_first_pull_request_preset sane2025_first_pull_request{};

/// tanh(r_i) + gamma V(s'_i) - V(s), less the group's mean.
struct sane2025_pull_request_preset {
  static constexpr source from{"sane2025_pull_request",
                               "stable-baselines3 pull request 275, March 2025, without its second pass",
                               "advantage: code read", "constants as sane2025_paper"};
  auto operator()() const { return sane2025_of_pull_requests(sane2025::pull_request); }
};
inline constexpr sane2025_pull_request_preset sane2025_pull_request{};

/// The executed sample's advantage in the place of its reward, and GAE.
struct sane2025_second_pass_preset {
  static constexpr source from{"sane2025_second_pass", "stable-baselines3 pull request 275, March 2025",
                               "advantage: code read; there the last sample is executed, here the first",
                               "constants as sane2025_paper; gamma and lambda of the second pass"};
  auto operator()() const {
    auto twice = sane2025::pull_request_second_pass;
    twice.estimator.gamma = .85;
    return sane2025_of_pull_requests(twice, normalization::none);
  }
};
inline constexpr sane2025_second_pass_preset sane2025_second_pass{};

/// tanh of the group's z-score; the critic by GAE on the executed branch.
struct sane2025_fork_preset {
  static constexpr source from{"sane2025_fork", "Sane's fork of CleanRL, 10 September 2025 (6aa5abbe)",
                               "advantage, K 4, the best action is executed: code read",
                               "the other constants are those of CleanRL's ppo_continuous_action"};
  auto operator()() const { return sane2025_of_fork(sane2025::fork); }
};
inline constexpr sane2025_fork_preset sane2025_fork{};

/// The same; the critic learns the mean over the group.
struct sane2025_fork_mean_target_preset {
  static constexpr source from{"sane2025_fork_mean_target", "Sane's fork of CleanRL, 25 September 2025 (2e21400)",
                               "advantage, target: code read",
                               "Huber's loss is squared here; constants as sane2025_fork"};
  auto operator()() const { return sane2025_of_fork(sane2025::fork_mean_target); }
};
inline constexpr sane2025_fork_mean_target_preset sane2025_fork_mean_target{};

/// tanh(2.5 m_i) r_i, m the reward's place in its group.
struct sane2025_fork_positive_preset {
  static constexpr source from{"sane2025_fork_positive", "Sane's fork of CleanRL, 25 September 2025 (56c11cf), \"pos\"",
                               "advantage: code read",
                               "constants as sane2025_fork; there the rollout is K times as long"};
  auto operator()() const { return sane2025_of_fork(sane2025::fork_positive); }
};
inline constexpr sane2025_fork_positive_preset sane2025_fork_positive{};

/// The z-score of that over the group.
struct sane2025_fork_centered_preset {
  static constexpr source from{
      "sane2025_fork_centered", "Sane's fork of CleanRL, 25 September 2025 (56c11cf), its default",
      "advantage: code read", "constants as sane2025_fork; there the rollout is K times as long"};
  auto operator()() const { return sane2025_of_fork(sane2025::fork_centered); }
};
inline constexpr sane2025_fork_centered_preset sane2025_fork_centered{};

/// VinePPO: A_t = r_t + gamma V(s_{t+1}) - V(s_t) with V the mean return of K copies that are played to their end; no
/// critic.
struct vine_ppo_preset {
  static constexpr source from{"vine_ppo", "Kazemnejad et al. 2024, arXiv:2410.01679, eq. 9 and 10",
                               "values, advantage, K 9, gamma 1, PPO's clip .2",
                               "of environments, where the paper has prefixes of answers; lanes, steps, epochs, rate; "
                               "its KL (1e-4) is left out"};
  auto operator()() const {
    return algorithm{
        .rollout = vine{.lanes = 8, .steps = 32, .rollouts = 9, .gamma = 1},
        .advantage = gae{.gamma = 1, .lambda = 0},
        .objective = clipped_ratio{.epsilon = .2},
        .update = update{.epochs = 2, .minibatches = 4, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = 1}};
  }
};
inline constexpr vine_ppo_preset vine_ppo{};

/// GiGPO: an episode against its group, and each step against all steps of the group that were taken in an equal state.
struct gigpo_preset {
  static constexpr source from{"gigpo", "Feng et al. 2025, arXiv:2505.10978, eq. 3 to 9",
                               "advantage, weight 1, gamma .95 of the steps, G 8, equal starts",
                               "clip .2, k3 with .01, 16 groups, step mean, minibatches, rate 1e-6 (of a language "
                               "model: a small network wants more)"};
  auto operator()() const {
    return algorithm{.rollout = groups{.count = 16, .group = 8},
                     .advantage = cohort::gigpo{.weight = 1, .gamma = .95},
                     .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k3{}, .weight = .01},
                     .update = language_update(1e-6, 4)};
  }
};
inline constexpr gigpo_preset gigpo{};

}  // namespace cohort::preset
