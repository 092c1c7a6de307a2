#pragma once
#include <cohort/backend/eigen.hpp>

#include <cohort/language.hpp>
#include <limits>
#include <string>
#include <vector>

#include "lesson.hpp"

/// The model of the example and what it is trained by. The algorithms differ in their advantage, and in a value head
/// where it needs one.
namespace addition {

using machine = cohort::eigen::backend;

/// 0.6 million parameters.
inline cohort::decoder_options model_shape(lesson const& about) {
  return {.vocabulary = about.words().size(),
          .hidden = 128,
          .intermediate = 384,
          .layers = 3,
          .heads = 4,
          .context = about.context()};
}

/// Supervised fine-tuning: maximum likelihood on fresh worked sums.
inline auto sft() {
  using namespace cohort;
  return algorithm{
      .rollout = demonstrations{128},
      .advantage = no_advantage{},
      .objective = log_likelihood{},
      .update = update{.epochs = 1,
                       .normalize = normalization::none,
                       .optimizer = adam{.rate = 1e-3, .epsilon = 1e-8},
                       .max_gradient_norm = 1},
  };
}

/// Falls along the run: where it stays high the last sums come and go.
inline constexpr cohort::linear on_completions_rate{1e-4, 1e-5};

inline auto update_on_completions() {
  using namespace cohort;
  return update{.epochs = 1,
                .minibatches = 2,
                .normalize = normalization::none,
                .optimizer = adam{.rate = on_completions_rate, .epsilon = 1e-8},
                .max_gradient_norm = 1};
}

/// 64 sums, 8 completions of each, two updates a generation.
template <class Advantage, class Objective>
auto on_completions(lesson const& about, Advantage advantage, Objective objective) {
  using namespace cohort;
  return algorithm{
      .rollout = completions{.prompts = 64, .group = 8, .max_tokens = about.max_tokens()},
      .advantage = advantage,
      .objective = objective,
      .aggregation = step_mean{},
      .update = update_on_completions(),
  };
}

inline auto policy_objective() {
  using namespace cohort;
  return clipped_ratio{.epsilon = .2, .epsilon_high = .28} + kl_penalty{.estimator = k3{}, .weight = .001} +
         entropy_bonus{.weight = .003};
}

inline std::vector<std::string> known_algorithms() { return {"grpo", "dr_grpo", "rloo", "hybrid_grpo", "ppo"}; }
/// Whether it needs a value head.
inline bool has_critic(std::string const& algorithm) { return algorithm == "hybrid_grpo" || algorithm == "ppo"; }

/// run(algorithm) with the algorithm of that name, one without a critic.
template <class Run>
auto with_algorithm(lesson const& about, std::string const& name, Run run) {
  using namespace cohort;
  if (name == "dr_grpo")
    return run(on_completions(about, group_relative{.scale = group_scale::none}, policy_objective()));
  if (name == "rloo")
    return run(on_completions(about,
                              group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none},
                              policy_objective()));
  return run(on_completions(about, group_relative{}, policy_objective()));
}
template <class Run>
auto with_critic(lesson const& about, std::string const& name, Run run) {
  using namespace cohort;
  if (name == "ppo") return run(on_completions(about, gae{.gamma = 1, .lambda = 1}, policy_objective() + value_loss{}));
  return run(on_completions(about, group_and_value{}, policy_objective() + value_loss{}));
}

}  // namespace addition
