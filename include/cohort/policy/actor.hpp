#pragma once
#include <cohort/policy/policy.hpp>

namespace COHORT_NAMESPACE {

/// A policy without a value function, as GRPO has it: actor{backend, environment, {.hidden = {64, 64}},
/// random_seed{1}}.
template <class B, class Distribution>
struct actor : basic_policy<B, Distribution, false> {
  using base = basic_policy<B, Distribution, false>;
  using base::base;
  template <class A, class E>
  actor(A&&, E const&, ...) = delete;  // has .hidden, .activation, .trunk, .policy_gain, .value_gain, .log_std
};
template <class B, class E, detail::given_as_networks N = network_options, class Seed = random_seed>
actor(B&, E const&, N = {}, Seed = {}) -> actor<B, detail::distribution_for<B, E>>;
template <class B, class E, detail::given_as_model M, detail::given_as_networks N = network_options,
          class Seed = random_seed>
actor(B&, E const&, M, N = {}, Seed = {}) -> actor<B, detail::distribution_for<B, E, M>>;
template <class B, class E>
actor(B&&, E const&, ...) -> actor<std::remove_reference_t<B>, detail::distribution_for<std::remove_reference_t<B>, E>>;

}  // namespace COHORT_NAMESPACE
