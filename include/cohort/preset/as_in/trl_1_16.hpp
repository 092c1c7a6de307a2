#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/preset/as_in/rules.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// TRL 1.16's GRPOTrainer with GRPOConfig's defaults.
struct trl_1_16 {
  static constexpr rules_in_words rules{
      "trl_1_16",
      "TRL 1.16.0, GRPOTrainer",
      "(R - mean) / (std + 1e-4), ddof 1; alone in its group: 0",
      "none",
      "exp(logp - old), clipped to [0.8, 1.2]; not limited before",
      "r k3 in the loss, off: beta is 0",
      "over all valid tokens (loss_type dapo)",
      "its own code, in float64",
  };
  static auto advantage() { return group_relative{.epsilon = 1e-4}; }
  static std::optional<standardize> normalize() { return {}; }
  static auto ratio() { return clipped_ratio{.epsilon = .2}; }
  static auto kl() { return ratio_corrected{k3{}}; }
  static constexpr double kl_weight = 0;
  static constexpr kl_place kl_at = kl_place::loss;
  static auto mean() { return step_mean{}; }
  static auto loss() { return ratio(); }
  static auto loss(double weight_of_kl) { return ratio() + kl_penalty{.estimator = kl(), .weight = weight_of_kl}; }
  static auto objective() { return loss(); }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
