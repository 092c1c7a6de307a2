#pragma once
#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/preset/as_in/rules.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// OpenRLHF 0.11's defaults with the advantage estimator group_norm.
struct openrlhf_0_11 {
  static constexpr rules_in_words rules{
      "openrlhf_0_11",
      "OpenRLHF 0.11.2, estimator group_norm",
      "(R - mean) / (std + 1e-9), ddof 1, within 10; alone: 0",
      "none (of gae, reinforce and reinforce_baseline alone)",
      "exp(logp - old) of log-ratios within 20, clipped to [0.8, 1.2]",
      "k1 within 10, old against ref, times 0.01: what is still to come is taken from the advantage",
      "over all valid tokens (token-mean)",
      "its own code, in float64",
  };
  static constexpr double kl_weight = .01;
  static constexpr kl_place kl_at = kl_place::advantage;
  static auto kl() { return clamped{k1{}, 1e9, 10}; }
  static auto advantage(double weight_of_kl = kl_weight) {
    return kl_to_go{
        .estimator = clipped_advantage{group_relative{.epsilon = 1e-9}, 10}, .kl = kl(), .weight = weight_of_kl};
  }
  static std::optional<standardize> normalize() { return {}; }
  static auto ratio() { return clipped_ratio{.epsilon = .2}; }
  static auto mean() { return step_mean{}; }
  static auto loss() { return ratio(); }
  static auto objective() { return loss(); }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
