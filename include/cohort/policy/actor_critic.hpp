#pragma once
#include <cohort/policy/policy.hpp>

namespace COHORT_NAMESPACE {

/// A policy with a value function: actor_critic{backend, environment, {.hidden = {64, 64}}, random_seed{1}}.
template <class B, class Distribution>
struct actor_critic : basic_policy<B, Distribution, true> {
  using base = basic_policy<B, Distribution, true>;
  using base::base;
  template <class A, class E>
  actor_critic(A&&, E const&, ...) = delete;  // has .hidden, .activation, .trunk, .policy_gain, .value_gain, .log_std
};
template <class B, class E, detail::given_as_networks N = network_options, class Seed = random_seed>
actor_critic(B&, E const&, N = {}, Seed = {}) -> actor_critic<B, detail::distribution_for<B, E>>;
template <class B, class E, detail::given_as_model M, detail::given_as_networks N = network_options,
          class Seed = random_seed>
actor_critic(B&, E const&, M, N = {}, Seed = {}) -> actor_critic<B, detail::distribution_for<B, E, M>>;
template <class B, class E>
actor_critic(B&&, E const&, ...)
    -> actor_critic<std::remove_reference_t<B>, detail::distribution_for<std::remove_reference_t<B>, E>>;

}  // namespace COHORT_NAMESPACE
