#pragma once
#include <cohort/advantage/gpg.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// GPG: the policy gradient itself, no ratio, no reference, no critic; rarer rewards count more.
inline constexpr composition gpg{
    {"gpg", "Chu et al. 2025, arXiv:2504.02546; verl's gpg", "-A log pi, A = alpha (R - mean R), token mean",
     "alpha as in verl, divisor 1, G 8, 128 prompts, 8192 tokens, rate 1e-6"},
    [] {
      return algorithm{.rollout = completions{.prompts = 128, .group = 8, .max_tokens = 8192},
                       .advantage = cohort::gpg{},
                       .objective = policy_gradient{},
                       .aggregation = step_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
