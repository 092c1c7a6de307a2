#pragma once
#include <cohort/advantage/gigpo.hpp>
#include <cohort/preset/of_language.hpp>
#include <cohort/rollout/groups.hpp>

namespace COHORT_NAMESPACE::preset {

/// GiGPO: an episode against its group, and each step against all steps of the group that were taken in an equal state.
inline constexpr composition gigpo{
    {"gigpo", "Feng et al. 2025, arXiv:2505.10978, eq. 3 to 9",
     "advantage, weight 1, gamma .95 of the steps, G 8, equal starts",
     "clip .2, k3 with .01, 16 groups, step mean, minibatches, rate 1e-6 (of a language model: a small network wants "
     "more)"},
    [] {
      return algorithm{.rollout = groups{.count = 16, .group = 8},
                       .advantage = cohort::gigpo{.weight = 1, .gamma = .95},
                       .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k3{}, .weight = .01},
                       .update = language_update(1e-6, 4)};
    }};

}  // namespace COHORT_NAMESPACE::preset
