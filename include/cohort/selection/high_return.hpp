#pragma once
#include <cohort/selection/importance_weights.hpp>

namespace COHORT_NAMESPACE {

/// The steps from which more came than a threshold: weight 1 where the critic's target is above it, else 0.
///
///     0.1 * weighted(high_return{.threshold = .5, .normalize = true}, log_likelihood{})
///
/// is VAPO's term, which also imitates the answers that are right. The target is what the estimator says a step's value
/// is to be: with gamma 1 and lambda 1 the return of the series (all of an answer's steps have its score), which
/// decoupled gives apart from the advantages. It is rounded, but for monte_carlo without a bootstrap: a threshold
/// should lie between the returns that there are. normalize divides by the mean weight, so that the mean over all steps
/// becomes the mean over the chosen ones; where none is chosen there is nothing to divide. Reads target, so a critic is
/// needed (without one positive_likelihood goes by the advantage). In the units of the reward. Refuses a threshold that
/// is not a number.
struct high_return {
  double threshold = .5;
  bool normalize = false;
  static constexpr unsigned reads = needs::target;

  static constexpr about notes{"high_return", "1 where the target is above the threshold, else 0",
                               "Yue et al. 2025, arXiv:2504.05118, section 4.3", "closed form"};
  constexpr void parameters(auto f) const {
    f("threshold", threshold);
    f("normalize", normalize, normalize);
  }
  void check() const { detail::require(threshold == threshold, "high_return", "threshold", threshold, "a number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<high_return>("high_return", at, weight)) return;
    detail::map_valid(backend, at.valid, weight, detail::exceeds{threshold}, at.target);
    if (normalize) detail::divide_by_mean(backend, at, false, weight);
  }
};

}  // namespace COHORT_NAMESPACE
