#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/preset/as_in/rules.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// verl 0.9's defaults with adv_estimator = grpo.
struct verl_0_9 {
  static constexpr rules_in_words rules{
      "verl_0_9",
      "verl 0.9.1, adv_estimator grpo",
      "(R - mean) / (std + 1e-6), ddof 1; alone in its group: R / (1 + 1e-6), here R",
      "none",
      "exp(logp - old) of log-ratios within 20, clipped to [0.8, 1.2]; for A < 0 the loss is at most -3 A",
      "k3 of log-ratios within 20, itself within 10, in the loss, off: use_kl_loss is false (weight 0.001)",
      "over all valid tokens (token-mean)",
      "its own code, in float64",
  };
  static auto advantage() { return group_relative{.single = group_of_one::raw, .epsilon = 1e-6}; }
  static std::optional<standardize> normalize() { return {}; }
  static auto ratio() { return dual_clip{.epsilon = .2, .c = 3}; }
  static auto kl() { return clamped{k3{}, 20, 10}; }
  static constexpr double kl_weight = 0;
  static constexpr kl_place kl_at = kl_place::loss;
  static auto mean() { return step_mean{}; }
  static auto loss() { return ratio(); }
  static auto loss(double weight_of_kl) { return ratio() + kl_penalty{.estimator = kl(), .weight = weight_of_kl}; }
  static auto objective() { return loss(); }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
