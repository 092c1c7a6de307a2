#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/whitened.hpp>
#include <cohort/aggregation/group_mean.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/objective/cispo.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/objective/vespo.hpp>
#include <cohort/preset/source.hpp>

// GRPO with another ratio, or with something else in the place of its clip.

namespace cohort::preset {

/// GRPO's rollout, advantage and update around an objective, where a paper changes nothing but that.
template <class Objective, class Aggregation>
auto grpo_with(Objective const& objective, Aggregation const& aggregation, int minibatches = 4, int group = 16) {
  return algorithm{.rollout = completions{.prompts = 64, .group = group, .max_tokens = 8192},
                   .advantage = group_relative{},
                   .objective = objective,
                   .aggregation = aggregation,
                   .update = language_update(1e-6, minibatches)};
}

/// GSPO: one ratio for an answer, the geometric mean of its tokens' ratios, clipped within (3e-4, 4e-4) of 1.
struct gspo_preset {
  static constexpr source from{"gspo", "Zheng et al. 2025, arXiv:2507.18071, eq. 5 and 7, section 5.1",
                               "ratio, clip 3e-4 and 4e-4, 4 minibatches a rollout, no KL",
                               "G 16, 64 prompts, 8192 tokens, rate 1e-6"};
  auto operator()() const { return grpo_with(cohort::gspo{.epsilon = 3e-4, .epsilon_high = 4e-4}, series_mean{}); }
};
inline constexpr gspo_preset gspo{};

/// LUSPO: GSPO's loss of an answer times its length.
struct luspo_preset {
  static constexpr source from{"luspo", "LUSPO 2026, arXiv:2602.05261; TRL's loss_type luspo",
                               "loss times length, clip 2e-3 and 2.5e-3",
                               "G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"};
  auto operator()() const {
    return grpo_with(cohort::gspo{.epsilon = 2e-3, .epsilon_high = 2.5e-3},
                     series_sum_mean{.empty = empty_series::count});
  }
};
inline constexpr luspo_preset luspo{};

/// GMPO: the geometric mean of tokens' ratios that are clipped one by one, within e^-.4 and e^.4.
struct gmpo_preset {
  static constexpr source from{"gmpo", "Zhao et al. 2025, arXiv:2507.20673, eq. 4", "objective, clip .4 in logarithms",
                               "no KL, G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"};
  auto operator()() const { return grpo_with(cohort::gmpo{.epsilon = .4}, series_mean{}); }
};
inline constexpr gmpo_preset gmpo{};

/// CISPO: -sg(min(r, high)) A log pi: a clipped token still has a gradient; token mean over all answers.
struct cispo_preset {
  static constexpr source from{"cispo", "MiniMax 2025 (M1), arXiv:2506.13585, eq. 4 and 5",
                               "objective, no limit from below, token mean, no KL",
                               "the upper limit is not published: 5 is ScaleRL's (arXiv:2510.13786); G 16, 64 prompts, "
                               "8192 tokens, rate 1e-6, 4 minibatches"};
  auto operator()() const { return grpo_with(cohort::cispo{.low = 0, .high = 5}, step_mean{}); }
};
inline constexpr cispo_preset cispo{};

/// ScaleRL: CISPO with a limit of 5, each prompt's token mean counting the same, advantages over the batch's deviation,
/// prompts whose answers are all equal left out.
struct scale_rl_preset {
  static constexpr source from{"scale_rl", "Khatri et al. 2025, arXiv:2510.13786",
                               "objective, mean over each prompt's tokens and then over prompts, advantages less the "
                               "group's mean over the batch's deviation, filter, G 16",
                               "from memory: 48 prompts, 14336 tokens, rate 5e-7; one minibatch; the sampler that runs "
                               "8 updates behind, prompts that are no longer drawn once 9 of 10 "
                               "answers are right, and the head's precision are left out"};
  auto operator()() const {
    return algorithm{
        .rollout = completions{.prompts = 48, .group = 16, .max_tokens = 14336, .drop_equal = true},
        .advantage = whitened{.estimator = group_relative{.scale = group_scale::none}, .over = over::series},
        .objective = cohort::cispo{.low = 0, .high = 5},
        .aggregation = group_mean{},
        .update = language_update(5e-7)};
  }
};
inline constexpr scale_rl_preset scale_rl{};

/// SAPO: a smooth gate (4 / tau) sigmoid(tau (r - 1)) in the place of the clip, steeper for bad answers.
struct sapo_preset {
  static constexpr source from{"sapo", "Gao et al. 2025, arXiv:2511.20347, eq. 5 and 6",
                               "gate, tau 1 and 1.05, mean over answers of means over tokens",
                               "no KL, G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"};
  auto operator()() const { return grpo_with(cohort::sapo{.tau = 1, .tau_negative = 1.05}, series_mean{}); }
};
inline constexpr sapo_preset sapo{};

/// VESPO: -sg(W^k exp(lambda (1 - W))) A log pi with the whole answer's ratio W.
struct vespo_preset {
  static constexpr source from{"vespo", "VESPO 2026, arXiv:2602.10693; TRL's loss_type vespo",
                               "weight; k 2, lambda 3 for A >= 0, k 3, lambda 2 for A < 0",
                               "token mean is TRL's; no KL, G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"};
  auto operator()() const { return grpo_with(cohort::vespo<>{}, step_mean{}); }
};
inline constexpr vespo_preset vespo{};

/// TIC-GRPO: one ratio for an answer, the product of its tokens', limited from above alone.
struct tic_grpo_preset {
  static constexpr source from{"tic_grpo", "Pang and Jin 2025, arXiv:2508.02833", "ratio and its one-sided limit",
                               "its advantage is the z-score of R / length: divide the task's score; limit .2, no KL, "
                               "series mean, G 16, 64 prompts, "
                               "8192 tokens, rate 1e-6, 4 minibatches"};
  auto operator()() const { return grpo_with(cohort::tic_grpo{.epsilon = .2}, series_mean{}); }
};
inline constexpr tic_grpo_preset tic_grpo{};

/// DPPO by total variation: -sg(min(r, 20)) A log pi of tokens whose probability has moved no further than a bound in
/// the advantage's direction.
struct dppo_tv_preset {
  static constexpr source from{"dppo_tv", "Qi et al. 2026, arXiv:2602.04879; verl's dppo_tv",
                               "objective as in verl's code, limit 20",
                               "bounds .2 (verl's clip_ratio), token mean, no KL, sizes and rate"};
  auto operator()() const { return grpo_with(cohort::dppo_tv{.low = .2, .high = .2}, step_mean{}); }
};
inline constexpr dppo_tv_preset dppo_tv{};

/// DPPO by the binary KL divergence of the token that was drawn.
struct dppo_kl_preset {
  static constexpr source from{"dppo_kl", "Qi et al. 2026, arXiv:2602.04879; verl's dppo_kl",
                               "objective as in verl's code, limit 20",
                               "bounds .05, token mean, no KL, sizes and rate"};
  auto operator()() const { return grpo_with(cohort::dppo_kl{.low = .05, .high = .05}, step_mean{}); }
};
inline constexpr dppo_kl_preset dppo_kl{};

/// DRO: -(A log pi - beta / 2 (log r)^2): the policy gradient, held by a square.
struct dro_preset {
  static constexpr source from{
      "dro", "Richemond et al. 2024, arXiv:2405.19107; verl's dro", "objective as in verl's code",
      "beta .5; the paper's value function is left out, GRPO's advantage stands for it; token mean, sizes and rate"};
  auto operator()() const { return grpo_with(cohort::dro{.beta = .5}, step_mean{}); }
};
inline constexpr dro_preset dro{};

}  // namespace cohort::preset
