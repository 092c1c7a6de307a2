#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/selection/selected_steps.hpp>

namespace COHORT_NAMESPACE {

/// What the ratio rho of learner to sampler is taken over, with x_t = old_logp_t - sampler_logp_t at the valid steps of
/// a series.
enum class ratio_over {
  step,    ///< exp(x_t)
  series,  ///< exp(sum x_t), the ratio of the whole series at each of its steps: unbiased, and of large variance
  geometric_mean,  ///< exp(mean x_t): comparable between lengths
};

/// What becomes of a ratio outside its bounds: the nearer bound, or 0.
enum class beyond_bounds { truncate, mask };

namespace detail {

/// rho from log rho. Its clamp is verl's, and keeps every weight finite.
template <class S>
constexpr S clamped_exp(S log_ratio) {
  return exp(clamp(log_ratio, S(-20), S(20)));
}

struct bounded_ratio {
  double low, high;
  beyond_bounds beyond;
  template <class S>
  constexpr S operator()(S log_ratio) const {
    S rho = clamped_exp(log_ratio);
    if (beyond == beyond_bounds::truncate) return clamp(rho, S(low), S(high));
    return select((rho < low) | (rho > high), S(0), rho);
  }
};

/// weight = f(log rho).
template <backend B, class F, class T = value_t<B>>
void weigh_ratios(B& backend, step_views<T> const& at, ratio_over over, F f, view<T> weight) {
  view<T const> in = weight;
  map_valid(backend, at.valid, weight, difference{}, at.old_logp, at.sampler_logp);
  if (over == ratio_over::series) sum_along_series(backend, at, weight);
  if (over == ratio_over::geometric_mean) average_along_series(backend, at, weight);
  map_valid(backend, at.valid, weight, f, in);
}

struct shared_weight {
  template <class S>
  constexpr several<S, 2> operator()(S weight, S own) const {
    return {{1 / own, weight / own}};
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S weight, S own, M valid) const {
    return {{select(valid, 1 / own, S(0)), select(valid, weight / own, S(0))}};
  }
};
struct over_mean {
  template <class S>
  constexpr S operator()(S weight, S count, S sum) const {
    return select(sum == 0, weight, weight * count / sum);
  }
};

/// Divides weights by their mean over steps, or over series if all steps of one have the same. A mean of 0 divides
/// nothing.
template <backend B, class T = value_t<B>>
void divide_by_mean(B& backend, step_views<T> const& at, bool by_series, view<T> weight) {
  std::ptrdiff_t M = weight.rows;
  auto scratch = backend.template temporary<T>(M + 2);
  view<T> own = scratch.all().part(0, M), sums = scratch.all().part(M, 2);
  if (by_series) count_along_series(backend, at, own);
  else fill_with(backend, own, 1);
  if (at.valid) backend.reduce(sums, shared_weight{}, view<T const>(weight), view<T const>(own), at.valid);
  else backend.reduce(sums, shared_weight{}, view<T const>(weight), view<T const>(own));
  backend.map(outputs{weight}, over_mean{}, view<T const>(weight), broadcast<T const>(sums.part(0, 1), M),
              broadcast<T const>(sums.part(1, 1), M));
}

}  // namespace detail

/// Importance weights that correct for actions drawn by another policy than the one that learns, because the sampler's
/// arithmetic, filters or weights differ:
///
///     weight = clamp(rho, low, high), or with beyond = mask   rho if low <= rho <= high, else 0,
///     rho = exp(old_logp - sampler_logp) of what `over` says
///
///     {}                                                                   truncated importance sampling: min(rho, 2)
///     {.beyond = mask, .low = .5}                                          IcePop: steps outside [1/2, 2] are left out
///     {.over = series, .beyond = mask, .high = 3}                          TRL's sequence_mask
///     {.high = infinity}                                                   plain importance sampling
///
/// Bounds are on rho, learner over sampler: rho > 1 where the learner finds an action likelier than the sampler did.
/// log rho is clamped to +-20 first. normalize divides by the mean weight (over steps, or of a series' one weight over
/// series), so that the step's size stays. Reads old_logp and sampler_logp. Refuses bounds that are not 0 <= low <=
/// high, high > 0.
struct importance_weights {
  ratio_over over = ratio_over::step;
  beyond_bounds beyond = beyond_bounds::truncate;
  double low = 0, high = 2;
  bool normalize = false;
  static constexpr unsigned reads = needs::sampler_logp | needs::old_logp;
  static constexpr bool corrects_sampler = true;  ///< so `train` reports the effective sample size of its weights

  static constexpr about notes{
      "importance_weights", "rho = exp(old_logp - sampler_logp), log rho clamped to +-20, then rho bounded",
      "verl 0.9.1 (rollout_is), TRL 1.16 (vllm_importance_sampling_mode); IcePop: arXiv:2510.18855",
      "verl rollout_is; OpenRLHF by token; TRL token_truncate (closed form)"};
  constexpr void parameters(auto f) const {
    f("over", over, over != ratio_over::step);
    f("beyond", beyond, beyond != beyond_bounds::truncate);
    f("low", low), f("high", high);
    f("normalize", normalize, normalize);
  }
  void check() const {
    detail::require(low >= 0 && low <= high, "importance_weights", "low", low, "a number in [0, high]");
    detail::require(high > 0, "importance_weights", "high", high, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    bool by_series = over != ratio_over::step;
    if (!detail::begin_selection<importance_weights>("importance_weights", at, weight, by_series)) return;
    detail::weigh_ratios(backend, at, over, detail::bounded_ratio{low, high, beyond}, weight);
    if (normalize) detail::divide_by_mean(backend, at, by_series, weight);
  }
};

}  // namespace COHORT_NAMESPACE
