#pragma once
#include <cohort/objective/along_series.hpp>

// What selections are made of. A selection sees all M steps of one optimizer step, in any order, and writes a weight
// for each, by which the aggregation's weight of one term is multiplied (`weighted` in
// cohort/objective/expression.hpp). Nothing of it is differentiated. Invalid steps get 0 and count in nothing. What is
// not known is shown: where a number that the weight is made of is a NaN, so is the weight (of all steps whose weight
// it goes into), and the update says so.
namespace COHORT_NAMESPACE::detail {

/// Checks that what a selection reads is there, M of each; false where there is no step, and nothing to do.
template <class Selection, class T>
bool begin_selection(char const* name, step_views<T> const& at, view<T> weight, bool by_series = false) {
  if (weight.rows == 0) return false;
  for (view<T const> term : terms_of(at, Selection::reads, view<T const>(weight), name))
    require_same_extents(name, "a term", term, weight);
  if (at.valid) require_same_extents(name, "valid", at.valid, weight);
  if (!by_series) return true;
  if (!at.series_of)
    throw value_error(std::string(name) +
                      " needs to know which series a step belongs to (series_of), and this batch does not say");
  require_same_extents(name, "series_of", at.series_of, weight);
  return true;
}

template <class F>
struct if_valid {
  F f;
  template <class M, class... S>
  constexpr auto operator()(M valid, S... x) const {
    auto y = f(x...);
    return select(valid, y, decltype(y)(0));
  }
};
/// out = f(in...), and 0 where a step is not valid, whatever stands there.
template <backend B, class F, class... I>
void map_valid(B& backend, view<std::uint8_t const> valid, view<value_t<B>> out, F f, view<I>... in) {
  if (valid) backend.map(outputs{out}, if_valid<F>{f}, valid, in...);
  else backend.map(outputs{out}, f, in...);
}

/// In place, the mean over the valid steps of its series; where a series has none, not a number.
template <backend B, class T = value_t<B>>
void average_along_series(B& backend, step_views<T> const& at, view<T> steps) {
  auto own = backend.template temporary<T>(steps.rows);
  count_along_series(backend, at, own.all());
  sum_along_series(backend, at, steps);
  backend.map(outputs{steps}, quotient{}, view<T const>(steps), view<T const>(own.all()));
}

}  // namespace COHORT_NAMESPACE::detail
