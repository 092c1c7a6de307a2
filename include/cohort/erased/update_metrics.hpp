#pragma once
#include <cohort/compiler.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// What the last minibatch of an update looked like.
struct update_metrics {
  double loss = 0;            ///< the objective, aggregated
  double entropy = 0;         ///< mean over steps, in nats
  double approximate_kl = 0;  ///< of the old policy from the new: mean of r - 1 - log r, r = exp(logp - old_logp)
  double gradient_norm = 0;   ///< before clipping
  double ratio_mean = 1, ratio_min = 1, ratio_max = 1;           ///< of r
  double value_loss = std::numeric_limits<double>::quiet_NaN();  ///< mean of (value - target)^2; NaN without a critic
  double learning_rate = std::numeric_limits<double>::quiet_NaN();  ///< of the optimizer; NaN where it has none
  double reference_kl = 0;  ///< of the policy from the reference: mean of k3; 0 without a reference
  double clip_low = 0;      ///< share of the steps that a term of the objective clips from below
                            ///< (cohort/objective/clip_side.hpp): of clipped_ratio, those of negative advantage
  double clip_high = 0;     ///< and from above: those of positive advantage
  double kl_weight = 0;     ///< of the objective's KL terms in this update; 0 without
  double series = 0;        ///< of the whole batch
  double effective_sample_size = 1;  ///< share of the minibatch that the objective's importance_weights leave
                                     ///< (cohort/selection/effective_sample_size.hpp); 1 without
  double optimizer_steps =
      0;               ///< that were taken: fewer than there are minibatches where update{.target_kl} ended them
  double skipped = 0;  ///< optimizer steps that were left out, since something was not finite (update{.non_finite})
  double line_search_share =
      0;  ///< of a trust_region: the share of its full step that the line search took; 0 where it took none
};

}  // namespace COHORT_NAMESPACE
