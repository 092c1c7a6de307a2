#pragma once
// Every estimator of a KL divergence, and the controllers of its weight.
#include <cohort/kl/controller.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/kl/exact.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Estimators from log-probabilities.
using kl_estimators = std::tuple<k1, k2, k3, absolute_log_ratio, straight_through<>, ratio_corrected<>, clamped<>>;

/// Weights that follow what an update did.
using kl_controllers = std::tuple<fixed_kl, proportional_kl, doubling_kl>;

}  // namespace COHORT_NAMESPACE::catalogue
