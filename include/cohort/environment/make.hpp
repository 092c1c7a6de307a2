#pragma once
#include <cohort/environment/all.hpp>
#include <cohort/environment/any_run.hpp>
#include <cohort/environment/registry.hpp>

namespace COHORT_NAMESPACE {

/// Every environment of the library, by Gymnasium's name where it has one; add your own to it.
inline environment_registry known_environments() {
  environment_registry all;
  all.add<classic_control::cart_pole>("CartPole-v1");
  all.add<classic_control::mountain_car>("MountainCar-v0");
  all.add<classic_control::continuous_mountain_car>("MountainCarContinuous-v0");
  all.add<classic_control::acrobot>("Acrobot-v1");
  all.add<classic_control::pendulum>("Pendulum-v1");
  all.add<diagnostic::frozen_lake<4>>("FrozenLake-v1");
  all.add<diagnostic::frozen_lake<8>>("FrozenLake8x8-v1");
  all.add("chain", diagnostic::chain{}, [](auto const& e) { return diagnostic::chain{.length = e.length}; });
  all.add<diagnostic::bandit<2>>("bandit");
  all.add<diagnostic::linear_quadratic>("linear_quadratic");
  all.add("recall", diagnostic::recall{}, [](auto const& e) { return diagnostic::recall{.delay = e.delay}; });
  return all;
}

/// An environment by name, with some of its parameters changed: make("Acrobot-v1", {{"torque_noise", .1}}).
inline any_environment make(std::string_view name, std::vector<setting> const& options = {}) {
  return known_environments().make(name, options);
}

}  // namespace COHORT_NAMESPACE
