#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/selection/selected_steps.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct unless_worse_and_far {
  double delta;
  template <class S>
  constexpr S operator()(S advantage, S mean) const {
    S weight = select((advantage < 0) & (mean > delta), S(0), S(1));
    return select(advantage == advantage, select(mean == mean, weight, mean), advantage);
  }
};

}  // namespace detail

/// Leaves out what is bad and no longer likely: pushing down actions that the policy would hardly take any more teaches
/// little and destabilizes.
///
///     weight = 0 if A < 0 and mean(sampler_logp - logp) > delta, else 1
///
/// The mean is over the valid steps of a series, in nats; A is the step's, so where all steps of a series share one
/// advantage the series goes or stays as a whole. A threshold of exactly delta stays. Reads sampler_logp, logp (the
/// policy as it is now) and advantage. Refuses a delta that is not a number.
struct off_policy_series {
  double delta = .5;
  static constexpr unsigned reads = needs::sampler_logp | needs::logp | needs::advantage;

  static constexpr about notes{"off_policy_series", "0 where A < 0 and mean(sampler_logp - logp) > delta, else 1",
                               "DeepSeek-V3.2, arXiv:2512.02556; TRL 1.16, which suggests 0.5", "TRL"};
  constexpr void parameters(auto f) const { f("delta", delta); }
  void check() const { detail::require(delta == delta, "off_policy_series", "delta", delta, "a number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<off_policy_series>("off_policy_series", at, weight, true)) return;
    detail::map_valid(backend, at.valid, weight, detail::difference{}, at.sampler_logp, at.logp);
    detail::average_along_series(backend, at, weight);
    detail::map_valid(backend, at.valid, weight, detail::unless_worse_and_far{delta}, at.advantage,
                      view<T const>(weight));
  }
};

}  // namespace COHORT_NAMESPACE
