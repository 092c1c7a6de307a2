#pragma once
#include <cohort/environment/concept.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// A space as values, for what is written to files and compared: "discrete", "multi_discrete" and "binary" have the
/// number of values of each choice, "box" has bounds.
struct space_values {
  std::string kind;
  std::vector<int> n;
  std::vector<double> low, high;

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
  return {values_of(E::observations), actions};
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
