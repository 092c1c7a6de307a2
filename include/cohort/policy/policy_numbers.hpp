#pragma once
#include <cohort/compiler.hpp>

// A policy's numbers are its parameters, unless it says that there are more: what it normalizes observations by.

namespace COHORT_NAMESPACE::detail {

/// All that decides what a policy does, the parameters first.
template <class Policy>
auto all_numbers(Policy& policy) {
  if constexpr (requires { policy.numbers().rows; }) return policy.numbers();
  else return policy.parameters();
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
