#pragma once
#include <cohort/objective/gmpo.hpp>
#include <cohort/preset/grpo.hpp>

namespace COHORT_NAMESPACE::preset {

/// GMPO: the geometric mean of tokens' ratios that are clipped one by one, within e^-.4 and e^.4.
inline constexpr composition gmpo{
    {"gmpo", "Zhao et al. 2025, arXiv:2507.20673, eq. 4", "objective, clip .4 in logarithms",
     "no KL, G 16, 64 prompts, 8192 tokens, rate 1e-6, 4 minibatches"},
    [] { return grpo_with(cohort::gmpo{.epsilon = .4}, series_mean{}); }};

}  // namespace COHORT_NAMESPACE::preset
