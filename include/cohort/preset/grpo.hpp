#pragma once
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// GRPO, outcome supervision: A_i = (R_i - mean R) / std R, min(r A, clip(r) A) - beta k3 averaged over each answer,
/// then over the answers.
inline constexpr composition grpo_outcome{
    {"grpo_outcome", "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, eq. 3, 4 and 4.1.2",
     "advantage, objective, k3 in the loss with .04, both means, G 64, 1024 tokens, batches of 1024, rate 1e-6, one "
     "update a rollout",
     "the clip (.2 here) and whether std divides by n or n - 1 (here) are not said; 1e-6 beside it is verl's"},
    [] {
      return algorithm{.rollout = completions{.prompts = 16, .group = 64, .max_tokens = 1024},
                       .advantage = group_relative{},
                       .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k3{}, .weight = .04},
                       .aggregation = series_mean{},
                       .update = language_update(1e-6)};
    }};

/// GRPO, process supervision: the rewards of all steps of a group's answers are normalized together, and a token has
/// the sum of those still to come.
inline constexpr composition grpo_process{{"grpo_process", "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 4.1.3",
                                           "advantage; the rest as grpo_outcome", "as grpo_outcome"},
                                          [] {
                                            auto process = grpo_outcome();
                                            process.advantage.by = credit::process;
                                            return process;
                                          }};

/// GRPO's rollout, advantage and update around an objective, where a paper changes nothing but that.
template <class Objective, class Aggregation>
auto grpo_with(Objective const& objective, Aggregation const& aggregation, int minibatches = 4, int group = 16) {
  return algorithm{.rollout = completions{.prompts = 64, .group = group, .max_tokens = 8192},
                   .advantage = group_relative{},
                   .objective = objective,
                   .aggregation = aggregation,
                   .update = language_update(1e-6, minibatches)};
}

}  // namespace COHORT_NAMESPACE::preset
