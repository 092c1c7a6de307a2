#pragma once
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/preset/as_in/trl_1_16.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// Liger 0.8's LigerFusedLinearGRPOLoss with its defaults. It is given advantages; here they are TRL's.
struct liger_0_8 {
  static constexpr rules_in_words rules{
      "liger_0_8",
      "Liger 0.8.5, LigerFusedLinearGRPOLoss",
      "given by the caller; here TRL's: (R - mean) / (std + 1e-4)",
      "none",
      "exp(logp - old), clipped to [0.8, 1.2]; not limited before",
      "k3 in the loss, times 0.04",
      "over all valid tokens (loss_type dapo)",
      "its own code, in float64",
  };
  static auto advantage() { return trl_1_16::advantage(); }
  static std::optional<standardize> normalize() { return {}; }
  static auto ratio() { return clipped_ratio{.epsilon = .2}; }
  static auto kl() { return k3{}; }
  static constexpr double kl_weight = .04;
  static constexpr kl_place kl_at = kl_place::loss;
  static auto mean() { return step_mean{}; }
  static auto loss(double weight_of_kl = kl_weight) {
    return ratio() + kl_penalty{.estimator = kl(), .weight = weight_of_kl};
  }
  static auto objective() { return loss(); }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
