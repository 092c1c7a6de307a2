#pragma once
#include <cohort/environment/concept.hpp>
#include <cstddef>
#include <string>
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
template <class E>
environment_spaces spaces_of() {
  auto choices = choices_of<E>();
  space_values actions{"", {choices.begin(), choices.end()}, {}, {}};
  if constexpr (is_box<actions_of<E>>) actions = values_of(E::actions);
  else actions.kind = discrete_actions<E> ? "discrete" : is_binary<actions_of<E>> ? "binary" : "multi_discrete";
  environment_spaces spaces{values_of(E::observations), actions};
  auto list = [](auto const& all) { return std::vector<std::string>(all.begin(), all.end()); };
  if constexpr (requires { E::observation_names; }) spaces.observations.names = list(E::observation_names);
  if constexpr (requires { E::observation_units; }) spaces.observations.units = list(E::observation_units);
  if constexpr (requires { E::action_names; }) spaces.actions.names = list(E::action_names);
  if constexpr (requires { E::action_units; }) spaces.actions.units = list(E::action_units);
  return spaces;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
