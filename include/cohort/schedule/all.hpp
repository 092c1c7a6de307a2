#pragma once
// Every schedule.
#include <cohort/schedule/curves.hpp>
#include <cohort/schedule/optimizer_rate.hpp>
#include <cohort/schedule/piecewise.hpp>
#include <cohort/schedule/schedule.hpp>
#include <cohort/schedule/warm_up.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// From the progress of a run to a number.
using schedules = std::tuple<constant_schedule, linear, cosine, exponential, piecewise, warm_up<>>;

}  // namespace COHORT_NAMESPACE::catalogue
