#pragma once
#include <cohort/preset/grpo.hpp>
#include <cohort/selection/top_entropy.hpp>

namespace COHORT_NAMESPACE::preset {

/// The 80/20 rule: the fifth of the tokens with the highest entropy alone, in DAPO's loss.
inline constexpr composition high_entropy{
    {"high_entropy", "Wang et al. 2025, arXiv:2506.01939",
     "a fifth of the tokens, by entropy over the batch; DAPO's clip",
     "sizes and rate; the mean is over all tokens, as in TRL"},
    [] {
      return grpo_with(weighted(top_entropy{.share = .2}, clipped_ratio{.epsilon = .2, .epsilon_high = .28}),
                       step_mean{}, 16);
    }};

}  // namespace COHORT_NAMESPACE::preset
