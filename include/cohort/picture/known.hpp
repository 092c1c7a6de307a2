#pragma once
#include <cohort/environment/make.hpp>
#include <cohort/picture/classic_control.hpp>
#include <cohort/picture/frozen_lake.hpp>
#include <cohort/picture/numbers.hpp>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// The scene of make(name, options): the numbers of its observations where it has no drawing.
inline scene scene_of(any_environment const& e, std::vector<setting> const& options, std::span<moment const> moments) {
  scene drawn;
  detail::each_named_environment([&]<class E>(std::string const& name, E made, auto const&) {
    if constexpr (requires { scene_of(made); })
      if (name == e.name()) {
        detail::set_parameters(made, "scene_of", options);
        drawn = scene_of(made);
      }
  });
  return drawn.draw ? drawn : scene_of_numbers(e.spaces().observations, moments);
}

}  // namespace COHORT_NAMESPACE::picture
