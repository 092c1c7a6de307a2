#pragma once
#include <cohort/policy/policy.hpp>

namespace cohort {

/// A policy without a value function, as GRPO has it: actor{backend, environment, {.hidden = {64, 64}},
/// random_seed{1}}.
template <class B, class Distribution>
struct actor : basic_policy<B, Distribution, false> {
  using base = basic_policy<B, Distribution, false>;
  using base::base;
};
template <class B, class E>
actor(B&, E const&, network_options = {}, random_seed = {}) -> actor<B, detail::distribution_for<B, E>>;
template <class B, class E, detail::given_as_model M>
actor(B&, E const&, M, network_options = {}, random_seed = {}) -> actor<B, detail::distribution_for<B, E, M>>;

}  // namespace cohort
