#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/preset/as_in/rules.hpp>

namespace COHORT_NAMESPACE::preset::as_in {

/// Twice k2: the square that prime-rl adds.
struct squared_log_ratio {
  template <class S, class R>
  constexpr S operator()(S const& logp, R const& other) const {
    S x = logp - other;
    return x * x;
  }
};

/// prime-rl's defaults at 559b447.
struct prime_rl {
  static constexpr rules_in_words rules{
      "prime_rl",
      "prime-rl 559b447, default loss",
      "R - mean, not divided",
      "none",
      "exp(logp - sampler), not clipped; 0 where pi - pi_sampler has left [-0.2, 0.2] in the advantage's direction",
      "(logp - sampler)^2 in the loss, times 0.001",
      "over the valid tokens whose advantage is not 0 (filter_zero_advantages); the others are left out with their KL",
      "its own code (tests/golden/prime_rl.py)",
  };
  static auto advantage() { return group_relative{.scale = group_scale::none}; }
  static std::optional<standardize> normalize() { return {}; }
  static auto ratio() { return prime_rl_loss{.weight = 0}; }
  static auto kl() { return squared_log_ratio{}; }
  static constexpr bool kl_to_sampler = true;
  static constexpr double kl_weight = 1e-3;
  static constexpr kl_place kl_at = kl_place::loss;
  static constexpr bool leaves_out_zero_advantages = true;
  static auto mean() { return step_mean{}; }
  static auto loss(double weight_of_kl = kl_weight) { return prime_rl_loss{.weight = weight_of_kl}; }
  static auto objective() { return loss(); }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
