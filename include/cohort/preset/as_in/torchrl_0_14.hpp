#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/preset/as_in/rules.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// TorchRL 0.14's ClipPPOLoss with its defaults, and GAE.
struct torchrl_0_14 {
  static constexpr rules_in_words rules{
      "torchrl_0_14",
      "TorchRL 0.14.1, GAE and ClipPPOLoss",
      "GAE, gamma 0.99, lambda 0.95 (its examples'); a truncation bootstraps",
      "none (normalize_advantage is false)",
      "exp(logp - old), clipped to [0.8, 1.2]",
      "none",
      "over all steps; padding counts",
      "its own code (tests/golden/torchrl_as_in.py)",
  };
  static auto advantage() { return gae{.gamma = .99, .lambda = .95}; }
  static std::optional<standardize> normalize() { return {}; }
  static auto ratio() { return clipped_ratio{.epsilon = .2}; }
  static constexpr kl_place kl_at = kl_place::none;
  static auto mean() { return step_mean{}; }
  static auto loss() { return ratio(); }
  static auto objective() {
    return loss() + value_loss{.weight = 1, .distance = huber_error{}} + entropy_bonus{.weight = .01};
  }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
