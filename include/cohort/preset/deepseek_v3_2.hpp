#pragma once
#include <cohort/preset/of_language.hpp>
#include <cohort/selection/off_policy_series.hpp>

namespace COHORT_NAMESPACE::preset {

/// DeepSeek-V3.2: the unbiased KL estimate r k3, and bad answers that the policy would hardly give any more are left
/// out.
inline constexpr composition deepseek_v3_2{
    {"deepseek_v3_2", "DeepSeek-AI 2025, arXiv:2512.02556, section 3.1",
     "r k3 in the loss; a series is masked where A < 0 and its mean log-ratio exceeds delta",
     "delta .5, KL .001, clip .2, no division by std, series mean, sizes and rate: not published or not read"},
    [] {
      return algorithm{.rollout = completions{.prompts = 64, .group = 16, .max_tokens = 32768},
                       .advantage = group_relative{.scale = group_scale::none},
                       .objective = weighted(off_policy_series{.delta = .5}, clipped_ratio{.epsilon = .2}) +
                                    kl_penalty{.estimator = ratio_corrected{k3{}}, .weight = .001},
                       .aggregation = series_mean{},
                       .update = language_update(1e-6)};
    }};

}  // namespace COHORT_NAMESPACE::preset
