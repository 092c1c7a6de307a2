#pragma once
#include <cohort/environment/concept.hpp>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace COHORT_NAMESPACE {

/// A space as values, for what is written to files and compared: "discrete", "multi_discrete" and "binary" have the
/// number of values of each choice, "box" has bounds. Names and units are there where the environment gives them: of
/// each number, of a discrete action the names of its choices.
struct space_values {
  std::string kind;
  std::vector<int> n;
  std::vector<double> low, high;
  std::vector<std::string> names{}, units{};

  std::size_t size() const { return n.empty() ? low.size() : n.size(); }  ///< numbers of one value
};
/// The spaces of an environment; `kind` is empty where a policy was made without one.
struct environment_spaces {
  space_values observations, actions;
};

namespace detail {

template <int D>
space_values values_of(box<D> const& b) {
  return {"box", {}, {b.low.begin(), b.low.end()}, {b.high.begin(), b.high.end()}};
}
template <class A>
space_values values_of(A const& a) {
  auto const choices = choices_of(a);
  return {std::is_same_v<A, discrete> ? "discrete"
          : is_binary<A>              ? "binary"
                                      : "multi_discrete",
          {choices.begin(), choices.end()},
          {},
          {}};
}
template <class E>
environment_spaces spaces_of(E const& e) {
  environment_spaces spaces{values_of(e.observations), values_of(e.actions)};
  auto list = [](auto const& all) { return std::vector<std::string>(all.begin(), all.end()); };
  if constexpr (requires { e.observation_names(); }) {
    spaces.observations.names = e.observation_names(), spaces.observations.units = e.observation_units();
  } else {
    if constexpr (requires { e.observation_names; }) spaces.observations.names = list(e.observation_names);
    if constexpr (requires { e.observation_units; }) spaces.observations.units = list(e.observation_units);
  }
  if constexpr (requires { e.action_names; }) spaces.actions.names = list(e.action_names);
  if constexpr (requires { e.action_units; }) spaces.actions.units = list(e.action_units);
  return spaces;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
