#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/language/rollout/demonstrations.hpp>
#include <cohort/language/rollout/preferences.hpp>
#include <cohort/objective/dpo.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/optimizer/rmsprop.hpp>
#include <cohort/preset/source.hpp>

// What comes before, or instead of, learning from one's own mistakes.

namespace cohort::preset {

/// Supervised fine-tuning: -log pi of known solutions, averaged over each and then over all.
struct sft_preset {
  static constexpr source from{"sft", "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 5.2.1 and A.1.1",
                               "the gradient coefficient is 1, the mean over an answer's tokens",
                               "128 answers, rate 1e-5; most programs take the mean over all tokens (step_mean)"};
  auto operator()() const {
    return algorithm{.rollout = demonstrations{.count = 128},
                     .advantage = no_advantage{},
                     .objective = log_likelihood{},
                     .aggregation = series_mean{},
                     .update = language_update(1e-5)};
  }
};
inline constexpr sft_preset sft{};

/// Online rejection fine-tuning: -log pi of the policy's own answers that are right.
struct online_rft_preset {
  static constexpr source from{
      "online_rft",
      "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 5.2.1 and A.1.4; Yuan et al. 2023, arXiv:2308.01825",
      "the gradient coefficient is 1 where the answer is right, else 0",
      "right is a score above 0; sizes and rate as grpo_outcome"};
  auto operator()() const {
    return algorithm{
        .rollout = completions{.prompts = 16, .group = 64, .max_tokens = 1024},
        .advantage =
            group_relative{.baseline = group_baseline::none, .scale = group_scale::none, .single = group_of_one::raw},
        .objective = positive_likelihood{.threshold = 0},
        .aggregation = series_mean{},
        .update = language_update(1e-6)};
  }
};
inline constexpr online_rft_preset online_rft{};

/// DPO: -log sigmoid(beta d) of pairs of answers, d the difference of their log-ratios to the reference.
struct dpo_preset {
  static constexpr source from{"dpo", "Rafailov et al. 2023, arXiv:2305.18290, eq. 7 and appendix B",
                               "loss, beta .1, 64 pairs, rate 1e-6",
                               "a gradient norm of 1; warm-up over 150 steps is left out"};
  auto operator()() const {
    return algorithm{.rollout = preferences{.count = 64},
                     .advantage = no_advantage{},
                     .objective = cohort::dpo{.beta = .1},
                     .update = update{.epochs = 1,
                                      .normalize = normalization::none,
                                      .optimizer = rmsprop{.rate = 1e-6, .epsilon = 1e-8},
                                      .max_gradient_norm = 1}};
  }
};
inline constexpr dpo_preset dpo{};

}  // namespace cohort::preset
