#pragma once
// What most presets for language models are made of.
// IWYU pragma: begin_exports
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/no_advantage.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/preset/source.hpp>
// IWYU pragma: end_exports

namespace COHORT_NAMESPACE::preset {

/// The update of the presets for language models: one pass over what was sampled, cut into `minibatches`, by Adam with
/// epsilon 1e-8 and a gradient norm of at most 1; advantages stay as they are.
inline auto language_update(double rate = 1e-6, int minibatches = 0) {
  return update{.epochs = 1,
                .minibatches = minibatches,
                .normalize = normalization::none,
                .optimizer = adam{.rate = rate, .epsilon = 1e-8},
                .max_gradient_norm = 1};
}

}  // namespace COHORT_NAMESPACE::preset
