#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/selection/selected_steps.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

/// Which divergence is bounded: a step's own, which leaves out that step, or one of its series, which leaves out all of
/// it.
enum class bounded_over { step, series_sum, series_mean, series_max };

namespace detail {

template <class D>
struct divergence_from_sampler {
  D divergence;
  constexpr auto operator()(auto sampler_logp, auto logp) const { return divergence(sampler_logp, logp); }
};
struct at_most {
  double most;
  template <class S>
  constexpr S operator()(S x) const {
    return select(x == x, select(x > most, S(0), S(1)), x);
  }
};

template <backend B, class D, class T = value_t<B>>
void bound_divergence(B& backend, step_views<T> const& at, view<T const> logp, D const& divergence, bounded_over over,
                      double most, view<T> weight) {
  view<T const> in = weight;
  map_valid(backend, at.valid, weight, divergence_from_sampler<D>{divergence}, at.sampler_logp, logp);
  if (over == bounded_over::series_mean) average_along_series(backend, at, weight);
  if (over == bounded_over::series_max)  // the largest is within the bound if none is beyond it
    backend.map(outputs{weight}, exceeds{std::exchange(most, 0)}, in);
  if (over == bounded_over::series_sum || over == bounded_over::series_max) sum_along_series(backend, at, weight);
  map_valid(backend, at.valid, weight, at_most{most}, in);
}

}  // namespace detail

/// Leaves out the steps, or the series, where the learner is too far from what drew the actions; the others keep their
/// weight:
///
///     weight = 1 if D <= most, else 0
///
/// with D the divergence(sampler_logp, old_logp) of a step, or the sum, mean or largest of its series' valid steps. The
/// divergence is an estimator of KL(sampler || learner) from the sampler's action (k2, k3, cohort/kl/estimators.hpp) or
/// your own callable of the two log-probabilities. In nats for these, and k3 in rho = exp(old_logp - sampler_logp) is
/// rho - 1 - log rho. The bound is one-sided: k1 = -log rho, of either sign, is better bounded by ratio_bounds.
///
/// Reads old_logp and sampler_logp. Refuses a bound that is not 0 or more. Source: verl 0.9.1 (rollout_rs token_k2,
/// token_k3, seq_sum_*, seq_mean_*, seq_max_*; several of them: `weighted` in `weighted`).
template <class Divergence = k3>
struct divergence_bound {
  double most = .1;
  bounded_over over = bounded_over::step;
  Divergence divergence{};
  static constexpr unsigned reads = needs::sampler_logp | needs::old_logp;

  static constexpr about notes{
      "divergence_bound", "1 where D(sampler_logp, old_logp) <= most, else 0", "verl 0.9.1 (rollout_rs)",
      "verl rollout_rs token_*, seq_sum_*, seq_mean_*, seq_max_*; OpenRLHF (your own divergence)"};
  constexpr void parameters(auto f) const {
    f("", divergence), f("most", most);
    f("over", over, over != bounded_over::step);
  }
  void check() const { detail::require(most >= 0, "divergence_bound", "most", most, "0 or a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<divergence_bound>("divergence_bound", at, weight, over != bounded_over::step)) return;
    detail::bound_divergence(backend, at, at.old_logp, divergence, over, most, weight);
  }
};

/// TorchRL's KL-Mask: leaves out the steps where (logp - sampler_logp)^2 / 2 > threshold, measured from the policy as
/// it is now, so that more are left out as an update goes on. Reads logp and sampler_logp. Refuses a threshold that is
/// not 0 or more.
struct kl_mask {
  double threshold = .1;
  static constexpr unsigned reads = needs::sampler_logp | needs::logp;

  static constexpr about notes{"kl_mask", "0 where (logp - sampler_logp)^2 / 2 > threshold, else 1",
                               "TorchRL 0.14.1 (KL-Mask)", "TorchRL"};
  constexpr void parameters(auto f) const { f("threshold", threshold); }
  void check() const { detail::require(threshold >= 0, "kl_mask", "threshold", threshold, "0 or a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<kl_mask>("kl_mask", at, weight)) return;
    detail::bound_divergence(backend, at, at.logp, k2{}, bounded_over::step, threshold, weight);
  }
};

}  // namespace COHORT_NAMESPACE
