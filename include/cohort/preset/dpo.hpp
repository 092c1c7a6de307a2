#pragma once
#include <cohort/language/rollout/demonstrations.hpp>
#include <cohort/language/rollout/preferences.hpp>
#include <cohort/objective/dpo.hpp>
#include <cohort/optimizer/rmsprop.hpp>
#include <cohort/preset/of_language.hpp>

namespace COHORT_NAMESPACE::preset {

/// DPO: -log sigmoid(beta d) of pairs of answers, d the difference of their log-ratios to the reference.
inline constexpr composition dpo{
    {"dpo", "Rafailov et al. 2023, arXiv:2305.18290, eq. 7 and appendix B", "loss, beta .1, 64 pairs, rate 1e-6",
     "a gradient norm of 1; warm-up over 150 steps is left out"},
    [] {
      return algorithm{.rollout = preferences{.count = 64},
                       .advantage = no_advantage{},
                       .objective = cohort::dpo{.beta = .1},
                       .update = update{.epochs = 1,
                                        .normalize = normalization::none,
                                        .optimizer = rmsprop{.rate = 1e-6, .epsilon = 1e-8},
                                        .max_gradient_norm = 1}};
    }};

}  // namespace COHORT_NAMESPACE::preset
