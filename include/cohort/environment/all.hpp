#pragma once
// Every environment.
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/environment/concept.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <tuple>

namespace cohort::catalogue {

/// Classic control.
inline constexpr std::tuple<classic_control::cart_pole, classic_control::pendulum> environments{};

}  // namespace cohort::catalogue
