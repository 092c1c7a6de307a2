#pragma once

namespace cohort {

/// What an objective says of itself, in logs and reports (cohort/objective/text.hpp): a static member `notes` of this type, and
///
///     template <class F> void parameters(F f) const { f("epsilon", epsilon), f("epsilon_high", epsilon_high); }
///
/// Both are optional: an objective without them goes by the name of its type.
struct about {
  char const* name;
  char const* formula;
  char const* source;
};

}  // namespace cohort
