#pragma once
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/whitened.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/preset/source.hpp>

// REINFORCE with a baseline, for language models. Where the whole answer is one action, the loss of an answer is the
// sum over its tokens.

namespace cohort::preset {

/// RLOO: A_i = R_i - mean of the others' R, R less beta times the answer's distance to the reference; -A log pi of
/// whole answers.
struct rloo_preset {
  static constexpr source from{"rloo", "Ahmadian et al. 2024, arXiv:2402.14740, eq. 8; Kool et al. 2019",
                               "advantage, KL in the reward with .03, G 4 (or 2), rate 1e-6, whole answers",
                               "128 prompts, 512 tokens"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 128, .group = 4, .max_tokens = 512},
                     .advantage = kl_in_reward{.estimator = group_relative{.baseline = group_baseline::leave_one_out,
                                                                           .scale = group_scale::none},
                                               .weight = .03},
                     .objective = policy_gradient{},
                     .aggregation = series_sum_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr rloo_preset rloo{};

/// REINFORCE++: what is still to come, a token's KL taken from its reward, normalized over the whole batch; PPO's clip,
/// one answer for each prompt.
struct reinforce_plus_plus_preset {
  static constexpr source from{
      "reinforce_plus_plus", "Hu et al. 2025, arXiv:2501.03262",
      "advantage: KL (k1) in each token's reward, gamma 1, normalized over the batch; PPO's clip",
      "clip .2, KL .01 (OpenRLHF's), token mean, 1024 prompts, 1024 tokens, rate 5e-7, 8 minibatches"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 1024, .group = 1, .max_tokens = 1024},
                     .advantage = whitened{kl_in_reward{.estimator = monte_carlo{.gamma = 1}, .weight = .01}},
                     .objective = clipped_ratio{.epsilon = .2},
                     .aggregation = step_mean{},
                     .update = language_update(5e-7, 8)};
  }
};
inline constexpr reinforce_plus_plus_preset reinforce_plus_plus{};

/// REINFORCE++-baseline: less the group's mean, normalized over the batch.
struct reinforce_plus_plus_baseline_preset {
  static constexpr source from{"reinforce_plus_plus_baseline", "Hu et al. 2025, arXiv:2501.03262; verl, OpenRLHF",
                               "advantage: less the group's mean, normalized over the batch's tokens; PPO's clip",
                               "k2 in the loss with .001 (from memory), clip .2, token mean, G 8, 128 prompts, 8192 "
                               "tokens, rate 5e-7, 8 minibatches"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 128, .group = 8, .max_tokens = 8192},
                     .advantage = whitened{group_relative{.scale = group_scale::none}},
                     .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k2{}, .weight = .001},
                     .aggregation = step_mean{},
                     .update = language_update(5e-7, 8)};
  }
};
inline constexpr reinforce_plus_plus_baseline_preset reinforce_plus_plus_baseline{};

/// ReMax: less the score of the greedy answer to the same prompt; -A log pi of whole answers.
struct remax_preset {
  static constexpr source from{"remax", "Li et al. 2023, arXiv:2310.10505, eq. 5 and algorithm 2",
                               "advantage, -A log pi of whole answers, one answer and the greedy one for each prompt",
                               "its KL in the reward is left out; 128 prompts, 512 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 128, .group = 1, .max_tokens = 512, .greedy = true},
                     .advantage = cohort::remax{},
                     .objective = policy_gradient{},
                     .aggregation = series_sum_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr remax_preset remax{};

/// OPO: less the group's mean weighted by length, exactly on policy, no KL, no division by std.
struct opo_preset {
  static constexpr source from{
      "opo", "Hao et al. 2025, arXiv:2505.23585, eq. 6", "baseline, on policy, no KL, no entropy bonus",
      "whole answers, which the baseline is derived for; G 8, 256 prompts, 8192 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 256, .group = 8, .max_tokens = 8192},
                     .advantage = cohort::opo{},
                     .objective = policy_gradient{},
                     .aggregation = series_sum_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr opo_preset opo{};

/// GPG: the policy gradient itself, no ratio, no reference, no critic; rarer rewards count more.
struct gpg_preset {
  static constexpr source from{"gpg", "Chu et al. 2025, arXiv:2504.02546; verl's gpg",
                               "-A log pi, A = alpha (R - mean R), token mean",
                               "alpha as in verl, divisor 1, G 8, 128 prompts, 8192 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 128, .group = 8, .max_tokens = 8192},
                     .advantage = cohort::gpg{},
                     .objective = policy_gradient{},
                     .aggregation = step_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr gpg_preset gpg{};

/// MaxRL: above the group's mean, over it, for rewards of 0 and 1: the likelihood of a right answer, cut off after G -
/// 1 terms.
struct max_rl_preset {
  static constexpr source from{"max_rl", "MaxRL 2026, arXiv:2602.02710",
                               "advantage, 0 where nobody is right; on policy",
                               "whole answers, G 16, 256 prompts, 4096 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 256, .group = 16, .max_tokens = 4096},
                     .advantage = cohort::max_rl{},
                     .objective = policy_gradient{},
                     .aggregation = series_sum_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr max_rl_preset max_rl{};

/// PKPO: rewards whose policy gradient is that of pass@k, without bias.
struct pkpo_preset {
  static constexpr source from{
      "pkpo", "Walder and Karkhanis 2025, arXiv:2505.15201", "the rewards (times n, since answers are averaged here)",
      "k 4, without the leave-one-out baseline, whole answers, G 16, 64 prompts, 2048 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 2048},
                     .advantage = cohort::pass_at_k{.k = 4},
                     .objective = policy_gradient{},
                     .aggregation = series_sum_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr pkpo_preset pkpo{};

/// Pass@k training by the best answer alone: its lead over the second, over the deviation.
struct best_of_group_preset {
  static constexpr source from{"best_of_group", "Tang et al. 2025, arXiv:2503.19595; verl's grpo_passk",
                               "advantage as in verl's code",
                               "clip .2, no KL, token mean, G 16, 64 prompts, 4096 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 4096},
                     .advantage = cohort::best_of_group{},
                     .objective = clipped_ratio{.epsilon = .2},
                     .aggregation = step_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr best_of_group_preset best_of_group{};

}  // namespace cohort::preset
