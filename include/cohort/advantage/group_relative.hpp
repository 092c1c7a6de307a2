#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/advantage/group_statistics.hpp>

namespace cohort {

/// What is compared within a group: one number for a whole episode, or what is still to come at each time step.
enum class credit { episode, return_to_go };

namespace detail {

struct return_step {
  static constexpr bool affine = true;
  double gamma;

  template <class S, class M>
  constexpr S operator()(S after, S reward, M terminated, M truncated) const {
    return select(terminated | truncated, reward, reward + gamma * after);
  }
  template <class S, class M>
  constexpr S operator()(S after, S reward, M terminated, M truncated, M valid) const {
    return select(valid, (*this)(after, reward, terminated, truncated), after);
  }
};

struct next_index {
  static constexpr bool affine = true;

  template <class S>
  constexpr S operator()(S before, S) const {
    return before + 1;
  }
};

struct first_only {
  template <class S>
  constexpr S operator()(S x, S index) const {
    return select(index == 0, x, S(0));
  }
};

struct cell_of {
  double longest;
  template <class S>
  constexpr S operator()(S group, S time) const {
    return group * longest + time;
  }
};

}  // namespace detail

/// GRPO's advantage: how much better a series did than the others that started from the same place.
///
///     credit::episode       A_it = (R_i - mean_j R_j) / (std_j R_j + epsilon),        R_i = sum_t gamma^t r_it
///     credit::return_to_go  A_it = (R_it - mean_j R_jt) / (std_j R_jt + epsilon),     R_it = sum_{s >= t} gamma^(s - t) r_is
///
/// over the series j of i's group (at the same time index t for return_to_go). Series that ended before t leave the statistics of t, or count
/// as 0. Where all members are equal, up to rounding, A is 0. It has no critic: a truncated return is what was collected, and it writes no
/// targets. Invalid steps have no reward (credit::episode alone knows them). Dr. GRPO is scale = none; leave-one-out (RLOO) is baseline =
/// leave_one_out, scale = none.
///
/// Source: Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 4.1.2; ddof 1 and epsilon 1e-6 are verl's. In units of standard deviations.
struct group_relative {
  credit by = credit::episode;
  double gamma = 1;  ///< discount, in [0, 1]
  group_baseline baseline = group_baseline::mean;
  group_scale scale = group_scale::group_std;
  finished_episodes finished = finished_episodes::leave;
  group_of_one single = group_of_one::zero;
  int ddof = 1;
  double epsilon = 1e-6;

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::require(gamma >= 0 && gamma <= 1, "group_relative", "gamma", gamma, "a number in [0, 1]");
    if (batch.groups.count() == 0 || batch.groups.steps() != batch.decisions.count())
      throw value_error("group_relative needs to know which series form a group: use it with a rollout in groups");
    if (batch.valid && by == credit::return_to_go)
      throw value_error("group_relative: with invalid steps a time index means nothing: use credit::episode");
    group_statistics statistics{baseline, scale, single, ddof, epsilon};
    std::ptrdiff_t M = batch.decisions.steps(), N = batch.decisions.count(), groups = batch.groups.count();
    auto scratch = backend.template temporary<T>(2 * M + 3 * N + 2 * groups);
    auto rest = scratch.all();
    auto take = [&](std::ptrdiff_t n) {
      view<T> taken = rest.part(0, n);
      rest = rest.part(n, rest.rows - n);
      return taken;
    };
    view<T> returns = take(M), by_step = take(M), by_series = take(N), group_of_series = take(N), size_of_group = take(N), ids = take(groups),
            sizes = take(groups);

    detail::return_step step{gamma};
    if (batch.valid)
      backend.scan(batch.decisions, direction::backward, step, 0, returns, batch.reward, batch.terminated, batch.truncated, batch.valid);
    else backend.scan(batch.decisions, direction::backward, step, 0, returns, batch.reward, batch.terminated, batch.truncated);
    backend.map(outputs{ids}, detail::one_for_each{}, view<T const>(ids));
    backend.scan(series::lanes(groups, 1), direction::forward, detail::next_index{}, -1, ids, view<T const>(ids));
    backend.map(outputs{by_series}, detail::one_for_each{}, view<T const>(by_series));
    backend.segment_reduce(batch.groups, sizes, detail::same{}, view<T const>(by_series));
    backend.spread(batch.groups, group_of_series, view<T const>(ids));
    backend.spread(batch.groups, size_of_group, view<T const>(sizes));

    if (by == credit::episode) {
      auto cells = backend.template temporary<std::int32_t>(N);
      // The return of the first step is that of the series.
      first_of_each(backend, batch.decisions, by_series, view<T const>(returns), by_step);
      backend.map(outputs{cells.all()}, detail::same{}, view<T const>(group_of_series));
      statistics(backend, view<T const>(by_series), cells.all(), groups, view<T const>{}, by_series);
      backend.spread(batch.decisions, out.advantage, view<T const>(by_series));
    } else {
      auto cells = backend.template temporary<std::int32_t>(M);
      std::ptrdiff_t longest = batch.decisions.longest();
      detail::require(std::log2(double(groups) * double(longest)) <= std::numeric_limits<T>::digits, "group_relative",
                      "groups times the longest series", double(groups) * double(longest), "a number that the backend's type counts exactly");
      backend.spread(batch.decisions, by_step, view<T const>(group_of_series));
      backend.scan(batch.decisions, direction::forward, detail::next_index{}, -1, out.advantage, view<T const>(returns));
      backend.map(outputs{cells.all()}, detail::cell_of{double(longest)}, view<T const>(by_step), view<T const>(out.advantage));
      view<T const> size;
      if (finished == finished_episodes::count_as_zero) {
        backend.spread(batch.decisions, by_step, view<T const>(size_of_group));
        size = by_step;
      }
      statistics(backend, view<T const>(returns), cells.all(), groups * longest, size, out.advantage);
    }
  }

 private:
  template <backend B, class T>
  static void first_of_each(B& backend, series s, view<T> out, view<T const> in, view<T> index) {
    backend.scan(s, direction::forward, detail::next_index{}, -1, index, in);
    backend.segment_reduce(s, out, detail::first_only{}, in, view<T const>(index));
  }
};

}  // namespace cohort
