#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/selection/importance_weights.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct within_bounds {
  double low, high;
  template <class S>
  constexpr S operator()(S log_ratio) const {
    S rho = clamped_exp(log_ratio);
    return select(rho == rho, select((rho < low) | (rho > high), S(0), S(1)), rho);
  }
};

}  // namespace detail

/// Leaves out the steps whose ratio rho of learner to sampler (that of the step, or of its series, as `over` says) is
/// outside the bounds; the others keep their weight:
///
///     weight = 1 if low <= rho <= high, else 0,      rho = exp(old_logp - sampler_logp)
///
/// The bounds are on rho, as everywhere in this library. verl's rollout_rs token_k1, seq_sum_k1 and seq_mean_k1 (here
/// over = step, series, geometric_mean) have theirs on 1 / rho: its "a_b" is {.low = 1 / b, .high = 1 / a}. OpenRLHF's
/// gate by "ratio" at level seq, whose steps keep ratios of their own, is
///
///     weighted(ratio_bounds{.over = ratio_over::geometric_mean, .high = 5},
///              weighted(importance_weights{.high = infinity}, term))
///
/// Reads old_logp and sampler_logp. Refuses bounds that are not 0 <= low <= high, high > 0.
struct ratio_bounds {
  ratio_over over = ratio_over::step;
  double low = .5, high = 2;
  static constexpr unsigned reads = needs::sampler_logp | needs::old_logp;

  static constexpr about notes{
      "ratio_bounds", "1 where low <= rho <= high, else 0, rho = exp(old_logp - sampler_logp)",
      "verl 0.9.1 (rollout_rs), OpenRLHF",
      "verl rollout_rs token_k1, seq_sum_k1, seq_mean_k1, whose bounds are on 1 / rho; OpenRLHF by series"};
  constexpr void parameters(auto f) const {
    f("over", over, over != ratio_over::step);
    f("low", low), f("high", high);
  }
  void check() const {
    detail::require(low >= 0 && low <= high, "ratio_bounds", "low", low, "a number in [0, high]");
    detail::require(high > 0, "ratio_bounds", "high", high, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<ratio_bounds>("ratio_bounds", at, weight, over != ratio_over::step)) return;
    detail::weigh_ratios(backend, at, over, detail::within_bounds{low, high}, weight);
  }
};

}  // namespace COHORT_NAMESPACE
