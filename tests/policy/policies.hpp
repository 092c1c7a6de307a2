#pragma once
#include "../support/arrays.hpp"
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>

// Policies on the double backend, with observations and actions to evaluate them on.
namespace policies {

using namespace cohort;
using namespace arrays;
using gaussian = diagonal_gaussian<double>;

inline std::vector<std::int32_t> actions_for(categorical const& d, std::ptrdiff_t n) {
  std::vector<std::int32_t> result;
  for (std::ptrdiff_t i = 0; i < n; ++i) result.push_back(std::int32_t(i * 7 % d.actions));
  return result;
}
inline numbers actions_for(gaussian const& d, std::ptrdiff_t n) { return uniform(n * d.dimensions, 11, -2, 2); }

/// A policy whose weights are neither small nor the ones it starts with.
template <class Policy, class Distribution>
Policy make(cpu& backend, Distribution d, int observations, network_options const& o) {
  Policy p(backend, d, observations, o, seed{1});
  numbers weights = uniform(p.parameters().rows, 12, -.7, .7);
  std::copy(weights.begin(), weights.end(), p.parameters().data);
  return p;
}

}  // namespace policies
