#pragma once
#include <cohort/error.hpp>
#include <cohort/objective/about.hpp>
#include <cohort/objective/step_terms.hpp>

namespace cohort {

/// The critic's squared error, as a loss for one step:
///
///     weight (value - target)^2
///
/// Reads value and target; in squared units of the return. There is no 1/2: weight = 0.5 is Stable-Baselines3's vf_coef = 0.5, and half of it
/// what CleanRL calls vf_coef = 0.5.
///
/// Source: Schulman et al. 2017, arXiv:1707.06347, eq. 9.
struct value_loss {
  double weight = 0.5;  ///< >= 0

  static constexpr about notes{"value_loss", "weight (V - R)^2", "Schulman et al. 2017, arXiv:1707.06347, eq. 9"};
  template <class F>
  constexpr void parameters(F f) const {
    f("weight", weight);
  }
  void check() const {
    detail::require(weight >= 0, "value_loss", "weight", weight, "0 or a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S error = step.value - step.target;
    return weight * (error * error);
  }
};

}  // namespace cohort
