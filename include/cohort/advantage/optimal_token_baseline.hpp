#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>
#include <concepts>
#include <limits>

namespace COHORT_NAMESPACE {

namespace detail {

/// |d log pi(a) / d logits|^2 of the drawn action, which is then added up along the series; with the sampler's
/// log-probability, times the importance weight's square.
struct step_variance {
  double limit = 0;
  constexpr auto operator()(auto logp, auto squares) const { return 1 - 2 * exp(logp) + squares; }
  template <class S>
  constexpr S operator()(S logp, S squares, S sampler_logp) const {
    S ratio = min(exp(logp - sampler_logp), S(limit));
    return ratio * ratio * (*this)(logp, squares);
  }
};
struct running_sum {
  static constexpr bool affine = true;
  constexpr auto operator()(auto before, auto x) const { return before + x; }
  template <class S, class M>
  constexpr S operator()(S before, S x, M valid) const {
    return select(valid, before + x, before);
  }
};
/// The weight of a step in its cell, and its return times that.
struct weigh {
  template <class S>
  constexpr several<S, 2> operator()(S variance, S to_come, S count) const {
    return {{variance * count, to_come * (variance * count)}};
  }
};
struct above_optimal {
  bool alone_is_zero;
  double epsilon;
  template <class S>
  constexpr S operator()(S to_come, S weighted, S weight, S alive, S size) const {
    S baseline = select(size <= 1, S(0), weighted / (weight + epsilon));
    return to_come - (alone_is_zero ? select(alive <= 1, S(0), baseline) : baseline);
  }
};

}  // namespace detail

/// The optimal token baseline: what is still to come, less the group's mean of it at the same time index, weighted by
/// how much each series' log-probability has varied up to there,
///
///     A_it = R_it - sum_j R_jt W_jt / (sum_j W_jt + epsilon),    R_it = sum_{s >= t} r_is,
///     W_it = sum_{s <= t} rho_is^2 (1 - 2 pi(a_is) + sum_a pi(a)^2)
///
/// over the series j of i's group that have a t-th valid step. Where i is the only one left its baseline is 0 (with
/// `alone_is_zero`), and so is that of a group of one. rho is 1, or with `importance` what a loss weighs the actions of
/// another policy by, min(limit, exp(old_logp - sampler_logp)). Reads sum_of_squares, and old_logp or else sampler_logp
/// (both for rho). An invalid step gets 0. In the units of the reward. Writes no targets.
///
/// Source: verl 0.9.1's (tir_)optimal_token_baseline, whose rollout_is_weights are rho; the baseline of least variance
/// is Greensmith et al. 2004's, per step.
struct optimal_token_baseline {
  static constexpr unsigned reads = needs::groups;
  bool alone_is_zero = true;
  double epsilon = 1e-8;
  bool importance = false;
  double limit = std::numeric_limits<double>::infinity();  ///< of rho; > 0

  static constexpr about notes{"optimal_token_baseline",
                               "R_it less the mean of R_jt, weighted by how much each log-probability has varied",
                               "verl 0.9.1; Greensmith et al. 2004", "verl"};
  constexpr void parameters(auto f) const {
    f("epsilon", epsilon);
    f("alone_is_zero", alone_is_zero, !alone_is_zero);
    f("importance", importance, importance), f("limit", limit, importance);
  }
  void check() const { detail::require(limit > 0, "optimal_token_baseline", "limit", limit, "a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    view<T const> logp = batch.old_logp ? batch.old_logp : batch.sampler_logp;
    if (!batch.sum_of_squares || !logp)
      throw value_error(
          "optimal_token_baseline reads sum_of_squares, and old_logp or sampler_logp, which this batch does not have");
    if (importance && (!batch.old_logp || !batch.sampler_logp))
      throw value_error(
          "optimal_token_baseline: importance weights need old_logp and sampler_logp, which this batch does not both "
          "have");
    detail::group_members<B> members(backend, batch, "optimal_token_baseline");
    std::ptrdiff_t M = batch.series.steps(), N = members.count(), cells = members.cells("optimal_token_baseline");
    auto scratch = backend.template temporary<T>(4 * M + 3 * cells + N);
    view<T> variance = scratch.all().part(0, M), counts = scratch.all().part(M, M),
            weighted = scratch.all().part(2 * M, M), size = scratch.all().part(3 * M, M),
            by_cell = scratch.all().part(4 * M, 3 * cells), size_of_series = scratch.all().part(4 * M + 3 * cells, N);
    auto cell = backend.template temporary<std::int32_t>(M);

    if (importance)
      backend.map(outputs{variance}, detail::step_variance{limit}, logp, batch.sum_of_squares, batch.sampler_logp);
    else backend.map(outputs{variance}, detail::step_variance{}, logp, batch.sum_of_squares);
    if (batch.valid) {
      backend.scan(batch.series, direction::forward, detail::running_sum{}, 0, variance, view<T const>(variance),
                   batch.valid);
      backend.map(outputs{counts}, detail::one_where{}, view<T const>(variance), batch.valid);
    } else {
      backend.scan(batch.series, direction::forward, detail::running_sum{}, 0, variance, view<T const>(variance));
      backend.map(outputs{counts}, detail::filled{1}, view<T const>(variance));
    }
    members.cell_of_steps(cell.all());
    detail::fill_with(backend, by_cell, 0);
    backend.map(outputs{variance, weighted}, detail::weigh{}, view<T const>(variance), view<T const>(members.returns()),
                view<T const>(counts));
    auto share = [&](int k, view<T> x) {  // x becomes its cell's sum
      backend.scatter_add(by_cell.part(k * cells, cells), view<T const>(x), cell.all());
      backend.gather(x, view<T const>(by_cell.part(k * cells, cells)), view<std::int32_t const>(cell.all()));
    };
    share(0, weighted), share(1, variance), share(2, counts);
    members.size(size_of_series);
    members.to_steps(size, view<T const>(size_of_series));
    detail::above_optimal f{alone_is_zero, epsilon};
    backend.map(outputs{out.advantage}, f, members.returns(), view<T const>(weighted), view<T const>(variance),
                view<T const>(counts), view<T const>(size));
    if (batch.valid)
      backend.map(outputs{out.advantage}, detail::where_valid{}, view<T const>(out.advantage), batch.valid);
  }
};

}  // namespace COHORT_NAMESPACE
