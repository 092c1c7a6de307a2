#pragma once
// Every environment and wrapper.
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/environment/concept.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cohort/environment/wrappers.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Classic control.
using environments = std::tuple<classic_control::cart_pole, classic_control::pendulum>;

}  // namespace COHORT_NAMESPACE::catalogue
