#pragma once
#include <cohort/language/rollout/demonstrations.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// Supervised fine-tuning: -log pi of known solutions, averaged over each and then over all.
inline constexpr composition sft{{"sft", "Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 5.2.1 and A.1.1",
                                  "the gradient coefficient is 1, the mean over an answer's tokens",
                                  "128 answers, rate 1e-5; most programs take the mean over all tokens (step_mean)"},
                                 [] {
                                   return algorithm{.rollout = demonstrations{.count = 128},
                                                    .advantage = no_advantage{},
                                                    .objective = log_likelihood{},
                                                    .aggregation = series_mean{},
                                                    .update = language_update(1e-5)};
                                 }};

}  // namespace COHORT_NAMESPACE::preset
