#pragma once
#include <cohort/backend/series.hpp>

namespace cohort {

/// A batch as an advantage estimator sees it. R decisions, at each of which G actions were tried (G = 1 but with probes), so M = R G steps; a
/// step's index is r G + g. What a rollout does not have is absent (a null view).
///
/// `reward`, `terminated` and `truncated` have K rows of M: row 0 is the step itself, the others (K > 1 only for longer probes) what came after
/// it in that probe, to be read up to the first row in which it ended.
template <class T>
struct batch_view {
  series decisions;                     ///< how the R decisions follow one another
  series groups;                        ///< which series started from the same place (over series; only with grouped rollouts)
  std::ptrdiff_t group = 1;             ///< G
  std::ptrdiff_t horizon = 1;           ///< K
  view<T const> reward;                 ///< K x M
  view<std::uint8_t const> terminated;  ///< K x M: the task ended in this step; wins over truncated
  view<std::uint8_t const> truncated;   ///< K x M: it was cut off by a time limit
  view<std::uint8_t const> valid;       ///< M; absent: all are
  view<T const> value;                  ///< R: the critic's value where the decision was made
  view<T const> next_value;             ///< R: of the true observation after the executed action (and after a truncation)
  view<T const> probe_value;            ///< M: of the true observation at the end of each probe (G > 1 only)
  view<std::int32_t const> executed;    ///< R: the step r G + g whose action the series went on with (G > 1 only)
};

/// What an estimator writes, M each. Without a critic target is absent.
template <class T>
struct estimates {
  view<T> advantage, target;
};

/// Statistics and shapes that several estimators need.
namespace detail {

template <class T>
void require_critic(batch_view<T> const& batch, char const* who) {
  if (!batch.value || !batch.next_value)
    throw value_error(std::string(who) + " reads value and next_value, which this batch does not have: use a policy with a critic (actor_critic)");
}

}  // namespace detail
}  // namespace cohort
