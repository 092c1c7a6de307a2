#pragma once
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE {

/// What a component says of itself, in logs, reports and the tables of the docs: a static member `notes` of this type,
/// and
///
///     constexpr void parameters(auto f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high); }
///
/// where a parameter is a number, a bool, an enumeration, a text, or a component that may have parameters itself; one
/// with the name "" goes without. `f("clip", clip, clip < infinity)` says when a text shows it; it can be set by this
/// name always (cohort/run/settings.hpp), so f is given the member and not a copy. Both are optional: a component
/// without notes goes by the name of its type.
struct about {
  char const* name;
  char const* formula;
  char const* source;
  char const* as_in = "";               ///< whose numbers a test compares with
  char const* file = __builtin_FILE();  ///< where the component is defined
};

}  // namespace COHORT_NAMESPACE
