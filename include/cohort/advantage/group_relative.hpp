#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// What is compared within a group: one number for a whole episode; what is still to come at each time step; the single
/// rewards, of which each step then gets the sum of those still to come (process supervision); or the single rewards,
/// each for its own step (TorchRL's MCAdvantage).
enum class credit { episode, return_to_go, process, step };

/// GRPO's advantage: how much better a series did than the others that started from the same place.
///
///     credit::episode       A_it = (R_i - mean_j R_j) / (std_j R_j + epsilon),
///                           R_i = sum_t gamma^t r_it over the valid steps of the series
///     credit::return_to_go  A_it = (R_it - mean_j R_jt) / (std_j R_jt + epsilon),
///                           R_it = sum_{s >= t} gamma^(s - t) r_is
///     credit::process       A_it = sum_{s >= t} gamma^(s - t) z_is,
///                           z = (r - mean of the group's rewards) / (their std + epsilon)
///     credit::step          A_it = z_it
///
/// over the series j of i's group (at the same time index t for return_to_go; all rewards of the group together for
/// process and step, which stand at the `scored` steps that are valid, or at all valid ones). Series that ended before
/// t leave the statistics of t, or count as 0. Where all members are equal, up to rounding, A is 0 (but with baseline =
/// none). It has no critic: a truncated return is what was collected, and it writes no targets. Invalid steps have no
/// reward and take no time (return_to_go does not know them); a series without a valid step is no member of its group,
/// and gets 0. Sums over s >= t stop where an episode ends. A reward that is not finite makes NaNs of its group alone,
/// of the batch with batch_std. Dr. GRPO is scale = none; leave-one-out (RLOO) is baseline = leave_one_out, scale =
/// none.
///
/// Source: Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 4.1.2; ddof 1 and epsilon 1e-6 are verl's. In units of
/// standard deviations.
struct group_relative {
  static constexpr unsigned reads = needs::groups;
  credit by = credit::episode;
  double gamma = 1;  ///< discount, in [0, 1]
  group_baseline baseline = group_baseline::mean;
  group_scale scale = group_scale::group_std;
  finished_episodes finished = finished_episodes::leave;
  group_of_one single = group_of_one::zero;
  int ddof = 1;
  double epsilon = 1e-6;
  epsilon_rule rule = epsilon_rule::added;

  static constexpr about notes{"group_relative", "(R_i - mean R) / (std R + epsilon) within the group",
                               "Shao et al. 2024, arXiv:2402.03300, 4.1.2", "verl, OpenRLHF, TRL, TorchRL"};
  constexpr void parameters(auto f) const {
    f("by", by, by != credit::episode);
    f("gamma", gamma, gamma != 1);
    group_statistics::list(f, baseline, scale, single, ddof, epsilon, rule);
    f("finished", finished, finished != finished_episodes::leave);
  }
  void check() const {
    detail::require_deviation("group_relative", ddof, epsilon);
    detail::require(gamma >= 0 && gamma <= 1, "group_relative", "gamma", gamma, "a number in [0, 1]");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    if (batch.valid && by == credit::return_to_go)
      throw value_error("group_relative: with invalid steps a time index means nothing: use credit::episode");
    group_statistics statistics{baseline, scale, single, ddof, epsilon, rule};
    detail::group_members<B> members(backend, batch, "group_relative", gamma);
    std::ptrdiff_t M = batch.series.steps(), N = members.count();
    auto scratch = backend.template temporary<T>(M + N);
    view<T> by_step = scratch.all().part(0, M), by_series = scratch.all().part(M, N);
    if (by == credit::episode) {
      statistics.within(
          backend, members.score(), [&](view<T> to, view<T const> from) { members.sum(to, from); }, view<T const>{},
          by_series, members.present());
      return members.to_valid_steps(out.advantage, view<T const>(by_series));
    }
    if (by == credit::process || by == credit::step) {
      view<std::uint8_t const> scored = batch.scored ? batch.scored : batch.valid;
      auto both = backend.template temporary<std::uint8_t>(batch.scored && batch.valid ? M : 0);
      if (both.all().rows > 0) {
        backend.map(outputs{both.all()}, detail::one_where_both{}, view<T const>(by_step), batch.scored, batch.valid);
        scored = both.all();
      }
      statistics.within(
          backend, batch.reward, [&](view<T> to, view<T const> from) { members.sum_of_steps(to, from); },
          view<T const>{}, by == credit::step ? out.advantage : by_step, scored);
      if (by == credit::step) return;
      batch_view<T> relative = batch;
      relative.reward = by_step;
      return detail::reward_to_go(backend, relative, gamma, invalid_steps::skip, out.advantage);
    }
    std::ptrdiff_t cells = members.cells("group_relative");
    auto cell = backend.template temporary<std::int32_t>(M);
    members.cell_of_steps(cell.all());
    view<T const> size;
    if (finished == finished_episodes::count_as_zero) {
      members.size(by_series);
      members.to_steps(by_step, view<T const>(by_series));
      size = by_step;
    }
    statistics(backend, members.returns(), cell.all(), cells, size, out.advantage);
  }
};

}  // namespace COHORT_NAMESPACE
