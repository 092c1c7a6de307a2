#pragma once
#include <cohort/backend/view.hpp>

namespace COHORT_NAMESPACE {

/// The part of a policy that a pass is about.
enum class policy_part { all, actor, critic };

/// Distributions that a policy's are compared with, R rows as `distribution_rows` gives them; absent where none are
/// asked for the divergence.
template <class T>
struct other_distributions {
  view<T const> reference{}, old{};
};

}  // namespace COHORT_NAMESPACE
