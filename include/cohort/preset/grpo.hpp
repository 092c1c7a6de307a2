#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/selection/off_policy_series.hpp>

// GRPO and its variants with the ratio of a token, for language models.

namespace cohort::preset {

/// GRPO, outcome supervision: A_i = (R_i - mean R) / std R, min(r A, clip(r) A) - beta k3 averaged over each answer,
/// then over the answers.
struct grpo_outcome_preset {
  static constexpr source from{
      "grpo_outcome", "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, eq. 3, 4 and 4.1.2",
      "advantage, objective, k3 in the loss with .04, both means, G 64, 1024 tokens, batches of 1024, rate 1e-6, one "
      "update a rollout",
      "the clip (.2 here) and whether std divides by n or n - 1 (here) are not said; 1e-6 beside it is verl's"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 16, .group = 64, .max_tokens = 1024},
                     .advantage = group_relative{},
                     .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k3{}, .weight = .04},
                     .aggregation = series_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr grpo_outcome_preset grpo_outcome{};

/// GRPO, process supervision: the rewards of all steps of a group's answers are normalized together, and a token has
/// the sum of those still to come.
struct grpo_process_preset {
  static constexpr source from{"grpo_process", "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 4.1.3",
                               "advantage; the rest as grpo_outcome", "as grpo_outcome"};
  auto operator()() const {
    auto process = grpo_outcome();
    process.advantage.by = credit::process;
    return process;
  }
};
inline constexpr grpo_process_preset grpo_process{};

/// GRPO as DeepSeek-R1 was trained: a clip that hardly ever binds, little KL, the reference renewed.
struct deepseek_r1_preset {
  static constexpr source from{
      "deepseek_r1", "DeepSeek-AI 2025, arXiv:2501.12948 and Nature s41586-025-09422-z",
      "G 16, 512 prompts a rollout in 16 minibatches, rate 3e-6, KL .001, clip 10, temperature 1, 32768 tokens, the "
      "reference renewed every 400 steps (25 rollouts)",
      "std as in grpo_outcome; the clip of 10 is that of three copies of the text, a fourth has .1"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 512, .group = 16, .max_tokens = 32768},
                     .advantage = group_relative{},
                     .objective = clipped_ratio{.epsilon = 10} + kl_penalty{.estimator = k3{}, .weight = .001},
                     .aggregation = series_mean{},
                     .update = language_update(3e-6, 16),
                     .reference = refresh{.every = 25}};
  }
};
inline constexpr deepseek_r1_preset deepseek_r1{};

/// Dr. GRPO: A_i = R_i - mean R, and sums over the longest answer allowed: no division by std, none by an answer's
/// length.
struct dr_grpo_preset {
  static constexpr source from{"dr_grpo", "Liu et al. 2025, arXiv:2503.20783, section 3.2",
                               "advantage, constant length 3000, G 8, no KL, clip .2",
                               "16 prompts a rollout and the rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 16, .group = 8, .max_tokens = 3000},
                     .advantage = group_relative{.scale = group_scale::none},
                     .objective = clipped_ratio{.epsilon = .2},
                     .aggregation = series_sum_mean{.length = 3000, .empty = empty_series::count},
                     .update = language_update(1e-6)};
  }
};
inline constexpr dr_grpo_preset dr_grpo{};

/// DAPO: the ratio may rise further than it may fall, every token counts the same, groups without a difference are
/// drawn again, no KL.
struct dapo_preset {
  static constexpr source from{"dapo", "Yu et al. 2025, arXiv:2503.14476, eq. 8 and section 4.1",
                               "clip .2 and .28, token mean, dynamic sampling, no KL, 512 prompts, G 16, 16 "
                               "minibatches, 20480 tokens, rate 1e-6",
                               "the soft overlong penalty (4096 tokens) is a reward of the task, soft_overlong; "
                               "warm-up is left out; at most 10 rounds are drawn"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 512, .group = 16, .max_tokens = 20480, .resample = 10},
                     .advantage = group_relative{},
                     .objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28},
                     .aggregation = step_mean{},
                     .update = language_update(1e-6, 16)};
  }
};
inline constexpr dapo_preset dapo{};

/// Lite PPO: less the group's mean, over the batch's deviation, token mean, PPO's clip.
struct lite_ppo_preset {
  static constexpr source from{"lite_ppo", "Liu et al. 2025, arXiv:2508.08221",
                               "group mean, batch deviation, token mean, G 8, temperature .99, top_p .99, top_k 100",
                               "clip .2, no KL, 128 prompts, 8192 tokens, rate 1e-6"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 128,
                                            .group = 8,
                                            .max_tokens = 8192,
                                            .sampler = {.temperature = .99, .top_k = 100, .top_p = .99}},
                     .advantage = group_relative{.scale = group_scale::batch_std},
                     .objective = clipped_ratio{.epsilon = .2},
                     .aggregation = step_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr lite_ppo_preset lite_ppo{};

/// INTELLECT-2: GRPO whose unclipped ratio is held below delta, so that a rare token of a bad answer has no unbounded
/// loss.
struct intellect_2_preset {
  static constexpr source from{"intellect_2", "Prime Intellect 2025, arXiv:2505.07291, eq. 1",
                               "delta 4, clip .2, KL .001, G 16, rate 3e-7", "token mean, 256 prompts, 32768 tokens"};
  auto operator()() const {
    return algorithm{
        .rollout = completions{.prompts = 256, .group = 16, .max_tokens = 32768},
        .advantage = group_relative{},
        .objective = two_sided_clip{.epsilon = .2, .delta = 4} + kl_penalty{.estimator = k3{}, .weight = .001},
        .aggregation = step_mean{},
        .update = language_update(3e-7)};
  }
};
inline constexpr intellect_2_preset intellect_2{};

/// DeepSeek-V3.2: the unbiased KL estimate r k3, and bad answers that the policy would hardly give any more are left
/// out.
struct deepseek_v3_2_preset {
  static constexpr source from{
      "deepseek_v3_2", "DeepSeek-AI 2025, arXiv:2512.02556, section 3.1",
      "r k3 in the loss; a series is masked where A < 0 and its mean log-ratio exceeds delta",
      "delta .5, KL .001, clip .2, no division by std, series mean, sizes and rate: not published or not read"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 32768},
                     .advantage = group_relative{.scale = group_scale::none},
                     .objective = weighted(off_policy_series{.delta = .5}, clipped_ratio{.epsilon = .2}) +
                                  kl_penalty{.estimator = ratio_corrected{k3{}}, .weight = .001},
                     .aggregation = series_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr deepseek_v3_2_preset deepseek_v3_2{};

/// GDPO: each of several rewards is normalized within the group, their weighted sum over the batch.
struct gdpo_preset {
  static constexpr source from{"gdpo", "GDPO 2026, arXiv:2601.05242", "advantage",
                               "all weights 1, clip .2, no KL, token mean, sizes and rate"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 4096},
                     .advantage = cohort::gdpo{},
                     .objective = clipped_ratio{.epsilon = .2},
                     .aggregation = step_mean{},
                     .update = language_update(1e-6)};
  }
};
inline constexpr gdpo_preset gdpo{};

}  // namespace cohort::preset
