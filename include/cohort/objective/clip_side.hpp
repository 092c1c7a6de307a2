#pragma once
#include <cohort/objective/series_terms.hpp>

// A term of an objective may say where it clips, by a member beside its loss,
//
//     template <class S> constexpr S clipped(step_terms<S> const& s) const;      // or of series_terms<S>
//
// that gives 1 where the ratio is above what the loss follows and -1 where it is below, so that the policy's gradient
// is cut off there, and 0 elsewhere. It may read what the loss reads. update_metrics counts these steps.

namespace COHORT_NAMESPACE::detail {

/// The usual case: a ratio that may not move beyond low or high where the advantage drives it, and not beyond `limit`
/// for a negative advantage.
template <class S>
constexpr S clip_side(S const& ratio, constant_t<S> const& advantage, double low, double high, double limit = 1e300) {
  auto above = ((ratio > high) & (advantage > 0)) | ((ratio > limit) & (advantage < 0));
  return select(above, S(1), select((ratio < low) & (advantage < 0), S(-1), S(0)));
}

}  // namespace COHORT_NAMESPACE::detail
