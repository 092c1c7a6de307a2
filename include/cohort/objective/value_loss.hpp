#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/step_terms.hpp>
#include <cohort/objective/value_distance.hpp>

namespace COHORT_NAMESPACE {

/// The critic's error, as a loss for one step:
///
///     weight d(value - target)
///
/// where the distance d is squared_error, or another of cohort/objective/value_distance.hpp: value_loss{.weight = 1,
/// .distance = huber_error{}} is TorchRL's default. Reads value and target; in squared units of the return (of
/// absolute_error in units of it). There is no 1/2: weight = 0.5 is Stable-Baselines3's vf_coef = 0.5, and half of it
/// what CleanRL calls vf_coef = 0.5.
template <class Distance = squared_error>
struct value_loss {
  double weight = 0.5;  ///< >= 0
  Distance distance{};

  static constexpr about notes{
      "value_loss", std::is_same_v<Distance, squared_error> ? "weight (V - R)^2" : "weight d(V - R)",
      "Schulman et al. 2017, arXiv:1707.06347, eq. 9", "verl, OpenRLHF, TorchRL (l2, l1, smooth_l1)"};
  constexpr void parameters(auto f) const {
    f("weight", weight);
    if constexpr (!std::is_same_v<Distance, squared_error>) f("", distance);
  }
  void check() const {
    detail::require(weight >= 0, "value_loss", "weight", weight, "0 or a positive number");
    if constexpr (requires { distance.check(); }) distance.check();
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return weight * distance(S(step.value - step.target));
  }
};

}  // namespace COHORT_NAMESPACE
