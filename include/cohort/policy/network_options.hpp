#pragma once
#include <cohort/environment/concept.hpp>
#include <cohort/network/mlp.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>

namespace cohort {

enum class trunk { separate, shared };

/// The network of a policy. Defaults are those with which PPO is usually tuned (Huang et al. 2022, "The 37 implementation details of PPO", 2 and 13).
struct network_options {
  std::vector<int> hidden = {64, 64};
  cohort::activation activation = cohort::activation::tanh;
  cohort::trunk trunk = cohort::trunk::separate;  ///< whether actor and critic have hidden layers of their own
  double policy_gain = .01;                       ///< of the actor's last layer: small, so that the first policy is near uniform
  double value_gain = 1;                          ///< of the critic's
  double log_std = 0;                             ///< initial, for box actions
};

namespace detail {

template <class B, class E>
auto distribution_of() {
  if constexpr (discrete_actions<E>) return categorical{};
  else return diagonal_gaussian<value_t<B>>{};
}
template <class B, class E>
using distribution_for = decltype(distribution_of<B, E>());

// Of a type that is no environment the one sentence that says so is error enough: the numbers then don't matter.
template <class E>
constexpr int action_count() {
  if constexpr (!environment<E>) return 1;
  else if constexpr (discrete_actions<E>) return E::actions.n;
  else return std::remove_cvref_t<decltype(E::actions)>::dimensions;
}
template <class E>
constexpr int observation_count() {
  if constexpr (environment<E>) return observation_size<E>;
  else return 1;
}

}  // namespace detail
}  // namespace cohort
