#pragma once
#include <cohort/backend/partition.hpp>
#include <cohort/describe/needs.hpp>
#include <cohort/error.hpp>
#include <type_traits>
#include <utility>

namespace COHORT_NAMESPACE {

/// A batch as an advantage estimator sees it. R decisions, at each of which G actions were tried (G = 1 but with
/// probes), so M = R G steps; a step's index is r G + g. What a rollout does not have is absent (a null view).
///
/// `reward`, `terminated` and `truncated` have K rows of M: row 0 is the step itself, the others (K > 1 only for longer
/// probes) what came after it in that probe, to be read up to the first row in which it ended.
template <class T>
struct batch_view {
  partition series;          ///< how the R decisions follow one another
  partition groups;          ///< which series started from the same place (over series; only with grouped rollouts)
  std::ptrdiff_t group = 1;  ///< G
  std::ptrdiff_t depth = 1;  ///< K
  view<T const> reward;      ///< K x M
  view<std::uint8_t const> terminated;  ///< K x M: the task ended in this step; wins over truncated
  view<std::uint8_t const> truncated;   ///< K x M: it was cut off by a time limit
  view<std::uint8_t const> valid;       ///< M; absent: all are
  view<T const> value;                  ///< R: the critic's value where the decision was made
  view<T const> next_value;           ///< R: of the true observation after the executed action (and after a truncation)
  view<T const> probe_value;          ///< M: of the true observation at the end of each probe (G > 1 only)
  view<std::int32_t const> executed;  ///< R: the step r G + g whose action the series went on with (G > 1 only)
  view<T const> sampler_logp;         ///< M: log-probability under what drew the action
  view<T const> old_logp;             ///< M: under the policy before the update; absent: the sampler's
  view<T const> ref_logp;             ///< M: under the frozen reference
  view<T const> kl;                   ///< R: KL(pi || ref) of the whole distributions, pi the policy before the update
  view<T const> penalty;  ///< M: what kl_in_reward has taken off each reward, for those that read scores instead; 0 at
                          ///< invalid steps
  view<T const> sum_of_squares;     ///< M: of the probabilities of all actions, under the policy before the update
  view<T const> greedy_score;       ///< of each series: the score of the greedy answer to its prompt
  view<T const> scores;             ///< series x K: what each of K rewards gave the series, NaN where it gave none
  view<std::uint8_t const> scored;  ///< M: where a reward stands (process supervision); absent: at every valid step
  view<std::int32_t const> anchor;  ///< M: the number of the state that a step was taken in, the same for equal states;
                                    ///< in [0, anchors), of invalid steps too
  std::ptrdiff_t anchors = 0;
  bool goes_on = false;  ///< whether packed series are lanes, each of which goes on in the next batch
};

/// What an invalid step (a tool's output, a masked token) is to a recurrence along its series: as if it were not there,
/// or a step of reward 0 at a state of value 0, over which lambda and gamma go on decaying (OpenRLHF).
enum class invalid_steps { skip, decay };

/// What an estimator writes, M each. Without a critic target is absent.
template <class T>
struct estimates {
  view<T> advantage, target;
};

/// Statistics and shapes that several estimators need.
namespace detail {

/// What an estimator, or any inside it, reads beside rewards and values, as bits of `needs`.
template <class E>
constexpr unsigned needs_of() {
  unsigned bits = 0;
  if constexpr (requires { E::reads; }) bits |= E::reads;
  if constexpr (requires(E e) { e.estimator; })
    bits |= needs_of<std::remove_cvref_t<decltype(std::declval<E&>().estimator)>>();
  return bits;
}

template <class T>
void require_critic(batch_view<T> const& batch, char const* who) {
  if (!batch.value || !batch.next_value)
    throw value_error(
        std::string(who) +
        " reads value and next_value, which this batch does not have: use a policy with a critic (actor_critic)");
}

/// Raises value_error for a batch of probes. `who` is not for them.
template <class T>
void require_no_probes(batch_view<T> const& batch, char const* who) {
  require(batch.group == 1, who, "the number of actions at each decision", double(batch.group),
          "1 (it is not for probes)");
  require(batch.depth == 1, who, "the number of steps of a probe", double(batch.depth), "1 (it is not for probes)");
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
