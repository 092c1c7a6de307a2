#pragma once
// Every aggregation.
#include <cohort/aggregation/group_mean.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/aggregation/sums.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Weights for the losses of steps.
using aggregations = std::tuple<step_mean, step_sum, series_mean, series_sum_mean, group_mean, piecewise_step_mean>;

}  // namespace COHORT_NAMESPACE::catalogue
