#pragma once
#include <cohort/network/all.hpp>
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include "../support/arrays.hpp"

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
inline std::vector<std::int32_t> actions_for(multi_categorical<2> const& d, std::ptrdiff_t n) {
  std::vector<std::int32_t> result;
  for (std::ptrdiff_t i = 0; i < 2 * n; ++i) result.push_back(std::int32_t(i * 7 % d.n[std::size_t(i % 2)]));
  return result;
}
/// Of a bounded number what it stands for on the whole line is behind it, and nothing else of it is read.
template <class Model, int N>
auto actions_for(independent<Model, double, N> const&, std::ptrdiff_t n) {
  std::vector<typename Model::template action<double>> result;
  numbers u = uniform(n * N, 11, -2, 2);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    if (Model::bounded) result.insert(result.end(), N, 0);
    for (int d = 0; d < N; ++d)
      result.push_back(std::is_integral_v<typename Model::template action<double>> ? u[i * N + d] > 0 : u[i * N + d]);
  }
  return result;
}
using bits = independent<bernoulli, double, 2>;
using wide = independent<state_dependent_gaussian, double, 2>;
inline independent<tanh_gaussian, double, 2> const squashed{{}, {-2, -1}, {2, 1}};
inline independent<beta_distribution, double, 2> const humped{{}, {-2, -1}, {2, 1}};
inline multi_categorical<2> const choices{{3, 2}};

/// Of three numbers; layers that come to four.
inline network const composed{layer_norm{.epsilon = .1}, residual{dense{3}},
                              side_by_side{columns{0, 2}, network{dense{4}, columns{1, 2}}},
                              dense{4, activation::linear}, residual{dense{5}, dense{4}}};
/// The critic reads more than the actor does.
inline networks const asymmetric{.actor = network{columns{1, 2}, dense{4}}, .critic = composed};
inline networks const shared{.actor = composed, .trunk = trunk::shared};

/// A policy whose weights are neither small nor the ones it starts with.
template <class Policy, class Distribution, detail::given_as_networks N = network_options>
Policy make(cpu& backend, Distribution d, int observations, N const& o) {
  Policy p(backend, d, observations, o, random_seed{1});
  numbers weights = uniform(p.parameters().rows, 12, -.7, .7);
  std::copy(weights.begin(), weights.end(), p.parameters().data);
  return p;
}

}  // namespace policies
