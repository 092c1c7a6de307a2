#pragma once
#include <cohort/environment/space.hpp>
#include <variant>

namespace COHORT_NAMESPACE::detail {

/// One of a template over the kind of actions, where that is known when the program runs.
template <template <class> class Of>
using of_each_kind = std::variant<Of<discrete>, Of<box<dynamic>>, Of<multi_discrete<dynamic>>, Of<binary<dynamic>>>;

}  // namespace COHORT_NAMESPACE::detail
