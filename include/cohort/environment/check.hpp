#pragma once
#include <algorithm>
#include <cohort/environment/concept.hpp>
#include <cohort/error.hpp>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
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
/// Both of the numbers among an environment's parameters, which are above 0 but for those `of_any_sign`.
template <class E>
void require_parameters(char const* where, E const& e, std::initializer_list<std::string_view> of_any_sign) {
  e.parameters([&]<class V>(char const* name, V const& value) {
    if constexpr (std::is_same_v<V, double>) {
      if (std::find(of_any_sign.begin(), of_any_sign.end(), name) != of_any_sign.end())
        require_finite(where, {{name, value}});
      else require_above(where, 0, {{name, value}});
    }
  });
}

/// Raises environment_error for spaces in which there is no value, which the compiler says of those that it knows.
template <class E>
void require_spaces(E const& e) {
  auto check = [](char const* name, auto const& space) {
    if (!has_a_value(space))
      throw environment_error(std::string("the environment's `") + name +
                              "` have no value: expected numbers low <= high of a box (equal or infinite ones are "
                              "fine), one value or more of each choice");
  };
  if constexpr (!knows_actions<E>) check("actions", e.actions);
  if constexpr (!knows_observations<E>) check("observations", e.observations);
}

/// Whatever steps an environment asks this first: the environment's own `check() const`, where it has one, raises
/// value_error for parameters that it cannot be stepped with.
template <class E>
void check_environment(E const& e) {
  require_spaces(e);
  require(episode_limit(e) >= 0, "environment", "max_episode_steps", episode_limit(e), "at least 1, or 0 for no limit");
  if constexpr (requires { e.check(); }) e.check();
}

}  // namespace COHORT_NAMESPACE::detail
