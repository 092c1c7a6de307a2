#pragma once
#include <cohort/environment/make.hpp>
#include <cohort/picture/classic_control.hpp>
#include <cohort/picture/frozen_lake.hpp>
#include <cohort/picture/numbers.hpp>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// The scene of make(name, options): the numbers of its observations where it has no drawing.
inline scene scene_of(any_environment const& e, std::vector<setting> const& options, std::span<moment const> moments) {
  using drawing = scene (*)(std::vector<setting> const&);
  auto of = []<class E>(E) -> drawing {
    return [](std::vector<setting> const& changed) {
      E made;
      for (auto const& s : changed) detail::set_parameter(made, "scene_of", s);
      return scene_of(made);
    };
  };
  std::map<std::string, drawing> const drawn{
      {"CartPole-v1", of(classic_control::cart_pole{})},
      {"MountainCar-v0", of(classic_control::mountain_car{})},
      {"MountainCarContinuous-v0", of(classic_control::continuous_mountain_car{})},
      {"Acrobot-v1", of(classic_control::acrobot{})},
      {"Pendulum-v1", of(classic_control::pendulum{})},
      {"FrozenLake-v1", of(diagnostic::frozen_lake<4>{})},
      {"FrozenLake8x8-v1", of(diagnostic::frozen_lake<8>{})}};
  auto const found = drawn.find(e.name());
  return found == drawn.end() ? scene_of_numbers(e.spaces().observations, moments) : found->second(options);
}

}  // namespace COHORT_NAMESPACE::picture
