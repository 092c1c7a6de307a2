#pragma once
#include <cohort/backend/copies.hpp>

// A policy's numbers are its parameters, unless it says that there are more: what it normalizes observations by.

namespace COHORT_NAMESPACE::detail {

/// All that decides what a policy does, the parameters first.
template <class Policy>
auto all_numbers(Policy& policy) {
  if constexpr (requires { policy.numbers().rows; }) return policy.numbers();
  else return policy.parameters();
}
/// A copy of them.
template <backend B, class Policy>
void keep_numbers(B& backend, typename B::template array<value_t<B>>& kept, Policy& policy) {
  keep_copy(backend, kept, in_view<B>(all_numbers(policy)));
}
template <class Policy>
void persist_policy(Policy& policy, auto const& f) {
  if constexpr (requires { policy.persist(f); }) policy.persist(f);
  else {
    auto parameters = policy.parameters();
    f("parameters", parameters);
  }
}

}  // namespace COHORT_NAMESPACE::detail
