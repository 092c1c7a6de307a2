#pragma once
#include <cohort/objective/step_terms.hpp>

namespace COHORT_NAMESPACE {

/// What an objective of one pair may read: a series that was chosen and one that was rejected, for the same prompt.
/// Log-probabilities and scores depend on the parameters.
template <class S>
struct pair_terms {
  S chosen_logp{}, rejected_logp{};                      ///< sums over the series' valid steps, under the policy now
  constant_t<S> chosen_ref_logp{}, rejected_ref_logp{};  ///< and under the frozen reference
  S chosen_score{},
      rejected_score{};  ///< the value head's number at the series' last step: what a reward model says of it
  constant_t<S> chosen_length{}, rejected_length{};  ///< valid steps
};

/// A callable that gives the loss of one pair, over any scalar.
template <class O>
concept pair_objective = requires(O const& o, pair_terms<dependency> const& terms) {
  { o(terms) } -> std::same_as<dependency>;
};

namespace detail {

/// Which terms of steps the terms of pairs come from, as bits of `needs`.
template <pair_objective O>
constexpr unsigned terms_read_by_pair(O const& o) {
  using d = dependency;
  pair_terms<d> t;
  t.chosen_logp = t.rejected_logp = d::on(needs::logp);
  t.chosen_ref_logp = t.rejected_ref_logp = d::on(needs::ref_logp);
  t.chosen_score = t.rejected_score = d::on(needs::value);
  return o(t).bits;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
