#pragma once
#include <cohort/environment/concept.hpp>
#include <cohort/network/mlp.hpp>
#include <cohort/policy/divergence.hpp>

// What a controller's policy is made of: its network's options, the shapes that an environment gives it, formulas over its rows.

namespace cohort {

enum class trunk { separate, shared };

/// What of a policy a pass is about.
enum class policy_part { all, actor, critic };

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

/// The gradient of a divergence joins that of the other terms: its derivative of a decision times the slopes, the network's and the free parameters'.
struct add_divergence {
  int G, P, F;
  template <class D, class X, class Out, class Free>
  constexpr void operator()(D derivative, X slope, Out out, Free free) const {
    typename D::scalar factor = derivative[0];
    for (int g = 1; g < G; ++g) factor += derivative[g];
    for (int p = 0; p < P; ++p) out.set(p, out[p] + factor * slope[p]);
    for (int f = 0; f < F; ++f) free.set(f, factor * slope[P + f]);
  }
};
struct sum_of_row {
  int G;
  template <class X, class Out>
  constexpr void operator()(X x, Out out) const {
    typename X::scalar total = x[0];
    for (int g = 1; g < G; ++g) total += x[g];
    out.set(0, total);
  }
};

}  // namespace detail

/// Distributions that a policy's are compared with, R rows as `describe` gives them; absent where nobody asks for the divergence.
template <class T>
struct other_distributions {
  view<T const> reference{}, old{};
};

}  // namespace cohort
