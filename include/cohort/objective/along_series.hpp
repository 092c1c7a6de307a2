#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/objective/terms.hpp>

namespace COHORT_NAMESPACE::detail {

/// Each of M steps gets the sum of the valid ones of its series, in place. The order of steps within a series is that
/// of the view, so the sum is always the same.
template <backend B, class T = value_t<B>>
void sum_along_series(B& backend, step_views<T> const& at, view<T> steps) {
  auto by_series = backend.template temporary<T>(at.series);
  if (at.valid) backend.map(outputs{steps}, where_valid{}, view<T const>(steps), at.valid);
  fill_with(backend, by_series.all(), 0);
  backend.scatter_add(by_series.all(), view<T const>(steps), at.series_of);
  backend.gather(steps, view<T const>(by_series.all()), at.series_of);
}

/// The valid steps of its series, for each step.
template <backend B, class T = value_t<B>>
void count_along_series(B& backend, step_views<T> const& at, view<T> own) {
  fill_with(backend, own, 1);
  sum_along_series(backend, at, own);
}

}  // namespace COHORT_NAMESPACE::detail
