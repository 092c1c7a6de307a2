#pragma once
#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/of_language.hpp>
#include <cohort/selection/high_return.hpp>
#include <cohort/update/critic_warmup.hpp>

namespace COHORT_NAMESPACE::preset {

/// VAPO: PPO whose critic is trained first and learns what answers really got, whose advantages look further ahead in
/// longer answers, and which also imitates the answers that are right.
inline constexpr composition vapo{
    {"vapo", "Yue et al. 2025, arXiv:2504.05118, sections 4.1 to 4.3",
     "lambda 1 of the critic and 1 - 1/(.05 l) of the policy, gamma 1, the critic alone on returns first, clip .2 and "
     ".28, token mean, .1 of the mean -log pi of the tokens of right answers, 512 prompts of 16 answers, minibatches "
     "of 512, rates 1e-6 and 2e-6 of the critic",
     "right is a score above .5; lambda is 0 where the formula is negative; from memory: 50 steps of the critic alone, "
     "each a rollout here; the critic is a head on the policy's network, so later its loss counts .5, where the "
     "paper's is a network with a rate of its own; 20480 tokens"},
    [] {
      return algorithm{.rollout = completions{.prompts = 512, .group = 16, .max_tokens = 20480},
                       .advantage = decoupled{.estimator = length_adaptive_gae{.gamma = 1, .alpha = .05},
                                              .target = monte_carlo{.gamma = 1, .bootstrap = false}},
                       .objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28} + value_loss{.weight = .5} +
                                    .1 * weighted(high_return{.threshold = .5, .normalize = true}, log_likelihood{}),
                       .aggregation = step_mean{},
                       .update = critic_warmup{
                           .updates = 50, .critic = language_update(2e-6, 16), .then = language_update(1e-6, 16)}};
    }};

}  // namespace COHORT_NAMESPACE::preset
