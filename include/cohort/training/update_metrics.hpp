#pragma once
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <limits>

namespace cohort {

/// What the last minibatch of an update looked like.
struct update_metrics {
  double loss = 0;            ///< the objective, aggregated
  double entropy = 0;         ///< mean over steps, in nats
  double approximate_kl = 0;  ///< of the old policy from the new: mean of r - 1 - log r, r = exp(logp - old_logp)
  double gradient_norm = 0;   ///< before clipping
  double reference_kl = 0;    ///< of the policy from the reference: mean of k3; 0 without a reference
  double clip_low = 0;        ///< share of the steps that an objective's clipped_ratio clips from below (negative advantage)
  double clip_high = 0;       ///< and from above (positive advantage)
  double kl_weight = 0;       ///< of the objective's kl_penalty in this update; 0 without
  double series = 0;          ///< of the whole batch
  double step = 0;            ///< of a trust_region: the share of its full step that the line search took; 0 where it took none
};

namespace detail {

struct metric_terms {
  double low, high;
  template <class S>
  constexpr several<S, 6> operator()(S loss, S entropy, S logp, S old_logp, S ref_logp, S advantage) const {
    S x = logp - old_logp, ratio = exp(x);
    return {{loss, entropy, expm1(x) - x, k3{}(logp, ref_logp), select((ratio < low) & (advantage < 0), S(1), S(0)),
             select((ratio > high) & (advantage > 0), S(1), S(0))}};
  }
};

/// Between which ratios an objective's clipped_ratio (the first one, if there is any) does not clip.
inline void find_clip(clipped_ratio const& o, double& low, double& high) { low = 1 - o.epsilon, high = 1 + o.epsilon_high; }
template <class O>
void find_clip(O const&, double&, double&) {}

inline double kl_weight_of(auto const&) { return 0; }
template <class Estimator, class Weight>
double kl_weight_of(kl_penalty<Estimator, Weight> const& o) {
  return weight_now(o.weight);
}

}  // namespace detail

}  // namespace cohort
