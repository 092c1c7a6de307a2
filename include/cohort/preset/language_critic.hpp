#pragma once
#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/source.hpp>
#include <cohort/selection/high_return.hpp>
#include <cohort/update/critic_warmup.hpp>

// PPO for language models, with a critic: for a language_model_with_value.

namespace cohort::preset {

/// VAPO: PPO whose critic is trained first and learns what answers really got, whose advantages look further ahead in
/// longer answers, and which also imitates the answers that are right.
struct vapo_preset {
  static constexpr source from{"vapo", "Yue et al. 2025, arXiv:2504.05118, sections 4.1 to 4.3",
                               "lambda 1 of the critic and 1 - 1/(.05 l) of the policy, gamma 1, the critic alone on "
                               "returns first, clip .2 and .28, token mean, .1 of the mean -log pi "
                               "of the tokens of right answers, 512 prompts of 16 answers, minibatches of 512, rates "
                               "1e-6 and 2e-6 of the critic",
                               "right is a score above .5; lambda is 0 where the formula is negative; from memory: 50 "
                               "steps of the critic alone, each a rollout here; the critic is a "
                               "head on the policy's network, so later its loss counts .5, where the paper's is a "
                               "network with a rate of its own; 20480 tokens"};
  auto operator()() const {
    return algorithm{
        .rollout = completions{.prompts = 512, .group = 16, .max_tokens = 20480},
        .advantage = decoupled{.estimator = length_adaptive_gae{.gamma = 1, .alpha = .05},
                               .target = monte_carlo{.gamma = 1, .bootstrap = false}},
        .objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28} + value_loss{.weight = .5} +
                     .1 * weighted(high_return{.threshold = .5, .normalize = true}, log_likelihood{}),
        .aggregation = step_mean{},
        .update = value_first{.updates = 50, .critic = language_update(2e-6, 16), .then = language_update(1e-6, 16)}};
  }
};
inline constexpr vapo_preset vapo{};

/// PF-PPO: PPO on answers that are drawn again, with replacement, in proportion to the square of their score, since a
/// reward model can be relied on least where its score says little.
struct pf_ppo_preset {
  static constexpr source from{
      "pf_ppo", "Zhang et al. 2024, arXiv:2409.06957; verl's pf_ppo with its defaults",
      "answers by the square of their score: verl's code",
      "the paper also takes each prompt's best answer with its worst, or with any; gamma 1, lambda .95, clip .2, token "
      "mean, .5 of the value's error, one "
      "answer for each of 512 prompts, 1024 tokens, rate 1e-6, 4 minibatches; its KL in the reward is left out"};
  auto operator()() const {
    return algorithm{.rollout = completions{.prompts = 512, .group = 1, .max_tokens = 1024, .score_power = 2},
                     .advantage = gae{.gamma = 1, .lambda = .95},
                     .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
                     .aggregation = step_mean{},
                     .update = language_update(1e-6, 4)};
  }
};
inline constexpr pf_ppo_preset pf_ppo{};

}  // namespace cohort::preset
