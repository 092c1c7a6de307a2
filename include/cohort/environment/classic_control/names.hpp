#pragma once
#include <cohort/environment/classic_control/acrobot.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/continuous_mountain_car.hpp>
#include <cohort/environment/classic_control/mountain_car.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>

namespace COHORT_NAMESPACE::classic_control {

/// f(Gymnasium's name, environment) for each of the five.
template <class F>
void each_named(F f) {
  f("CartPole-v1", cart_pole{});
  f("MountainCar-v0", mountain_car{});
  f("MountainCarContinuous-v0", continuous_mountain_car{});
  f("Acrobot-v1", acrobot{});
  f("Pendulum-v1", pendulum{});
}

}  // namespace COHORT_NAMESPACE::classic_control
