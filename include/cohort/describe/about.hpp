#pragma once

namespace cohort {

/// What a component says of itself, in logs and reports (cohort/objective/text.hpp): a static member `notes` of this
/// type, and
///
///     template <class F>
///     constexpr void parameters(F f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high); }
///
/// where a parameter is a number, a bool, a text, or a component that may have parameters itself; one with the name ""
/// goes without. Both are optional: a component without notes goes by the name of its type.
struct about {
  char const* name;
  char const* formula;
  char const* source;
};

}  // namespace cohort
