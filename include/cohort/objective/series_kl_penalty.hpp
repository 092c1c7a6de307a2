#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/objective/series_terms.hpp>

namespace COHORT_NAMESPACE {

/// kl_penalty times the ratio of the step's series, the geometric mean of its steps' ratios, as TRL and Liger have it
/// beside GSPO:
///
///     weight s KL^(logp, ref_logp),    s = exp((1 / |o|) sum_t (logp_t - old_logp_t))
///
/// Reads logp, ref_logp, old_logp; in nats times the weight. Otherwise as kl_penalty{ratio_corrected{...}}, of which it
/// is the form of series.
template <class Estimator = k3, class Weight = double>
struct series_kl_penalty {
  static constexpr bool has_estimator = kl_estimator<Estimator>;
#include <cohort/kl/requirements.inc>
  Estimator estimator{};
  Weight weight = detail::default_weight<Weight>(.04);  ///< >= 0; 0.04, or what the controller starts with

  static constexpr about notes{"series_kl_penalty",
                               "weight s KL^(logp, ref_logp), s the geometric mean of the series' ratios",
                               "TRL 1.16, use_bias_correction_kl by sequence", "TRL, Liger (corrected KL by sequence)"};
  constexpr void parameters(auto f) const { f("", estimator), f("weight", weight); }
  void check() const { detail::require_weight("series_kl_penalty", weight); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return series_kl_penalty<Estimator, double>{estimator, weight(progress)};
  }
  constexpr double kl_weight() const { return detail::weight_now(weight); }

  using of_step = step_log_ratio;
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    if constexpr (!has_estimator) return 0;
    else return detail::weight_now(weight) * exp(clamp(s.total / s.length, -20, 20)) * estimator(s.logp, s.ref_logp);
  }
};

}  // namespace COHORT_NAMESPACE
