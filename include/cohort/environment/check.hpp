#pragma once
#include <cohort/environment/concept.hpp>
#include <cohort/error.hpp>
#include <initializer_list>
#include <limits>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// Raises value_error for the first of some parameters that is not a number, is infinite or is not above the bound.
inline void require_above(char const* where, double bound,
                          std::initializer_list<std::pair<char const*, double>> parameters) {
  std::string const expected = "a finite number > " + text(bound);
  for (auto [name, given] : parameters)
    require(given > bound && given <= std::numeric_limits<double>::max(), where, name, given, expected.c_str());
}
inline void require_finite(char const* where, std::initializer_list<std::pair<char const*, double>> parameters) {
  for (auto [name, given] : parameters) require(given - given == 0, where, name, given, "a finite number");
}

/// Whatever steps an environment asks this first: the environment's own `check() const`, where it has one, raises
/// value_error for parameters that it cannot be stepped with.
template <class E>
void check_environment(E const& e) {
  require(episode_limit(e) >= 0, "environment", "max_episode_steps", episode_limit(e), "at least 1, or 0 for no limit");
  if constexpr (requires { e.check(); }) e.check();
}

}  // namespace COHORT_NAMESPACE::detail
