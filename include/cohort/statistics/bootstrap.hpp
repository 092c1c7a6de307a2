#pragma once
#include <algorithm>
#include <cohort/random/stream.hpp>
#include <cohort/statistics/aggregate.hpp>
#include <cohort/statistics/quantile.hpp>
#include <cohort/statistics/scores.hpp>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::statistics {

struct interval {
  double low;
  double high;
};

struct bootstrap_options {
  std::uint64_t seed = 0;
  int replicates = 10'000;
  double alpha = .05;  ///< the interval is to hold the true value 1 - alpha of all times; in (0, 1)
  bool tasks = false;  ///< draws the tasks too: how much hangs on which tasks were chosen

  void check() const {
    cohort::detail::require(replicates > 0, "bootstrap", "replicates", replicates, "a positive number");
    cohort::detail::require(alpha > 0 && alpha < 1, "bootstrap", "alpha", alpha, "a number in (0, 1)");
  }
};

namespace detail {

/// Each task's runs are drawn with replacement by themselves, and before them, with `tasks`, which task it is.
template <class Draws>
void resample(scores const& from, bool tasks, Draws& draws, scores& to) {
  auto const draw = [&](std::size_t n) { return std::size_t(draws.integer(std::uint32_t(n))); };
  for (std::size_t i = 0; i < from.tasks(); ++i) {
    auto const runs = from.task(tasks ? draw(from.tasks()) : i);
    for (double& value : to.task(i)) value = runs[draw(runs.size())];
  }
}

/// What the statistic is of each replicate; draws_of(i).integer(n) gives what is drawn of n for the i-th.
template <class Statistic, class DrawsOf, class... Scores>
auto replicates(Statistic& statistic, bootstrap_options const& how, DrawsOf const& draws_of, Scores const&... samples) {
  std::tuple<Scores...> drawn{samples...};
  std::vector<std::invoke_result_t<Statistic&, Scores&...>> found(std::size_t(how.replicates));
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto draws = draws_of(std::uint32_t(i));
    found[i] = std::apply(
        [&](Scores&... to) { return (resample(samples, how.tasks, draws, to), ...), statistic(to...); }, drawn);
  }
  return found;
}

inline interval percentiles(std::vector<double> values, double alpha) {
  std::sort(values.begin(), values.end());
  return {sorted_quantile(values, alpha / 2), sorted_quantile(values, 1 - alpha / 2)};
}

/// Of each element where the statistic has several.
inline std::vector<interval> percentiles(std::vector<std::vector<double>> const& found, double alpha) {
  std::vector<interval> all;
  for (std::size_t k = 0; k < found[0].size(); ++k) {
    std::vector<double> values;
    for (auto const& one : found) values.push_back(one[k]);
    all.push_back(percentiles(std::move(values), alpha));
  }
  return all;
}

template <class Statistic, class DrawsOf, class... Scores>
auto bootstrap_with(Statistic statistic, bootstrap_options const& how, DrawsOf const& draws_of,
                    Scores const&... samples) {
  how.check();
  if (how.tasks && sizeof...(Scores) > 1)
    throw value_error("bootstrap: tasks is true for several samples, expected false: their tasks belong together");
  return percentiles(replicates(statistic, how, draws_of, samples...), how.alpha);
}

}  // namespace detail

/// The stratified percentile bootstrap: the interval between the alpha / 2 and 1 - alpha / 2 quantiles of what
/// `statistic(scores&...)` is of resampled scores, each task's runs being drawn with replacement, as many as there are,
/// each sample by itself. Where the statistic is a vector, an interval for each of its elements. The statistic may
/// reorder the scores that it is given. The same seed gives the same interval.
///
///     auto between = bootstrap([](scores& s) { return optimality_gap(s, 475); }, {.replicates = 2000}, returns);
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.1; rliable's StratifiedBootstrap and
/// StratifiedIndependentBootstrap.
template <class Statistic, class... Scores>
auto bootstrap(Statistic statistic, bootstrap_options const& how, Scores const&... samples) {
  auto const draws_of = [&](std::uint32_t replicate) {
    return random_stream{{.seed = how.seed, .use = draw_purpose::user}, replicate};
  };
  return detail::bootstrap_with(std::move(statistic), how, draws_of, samples...);
}

/// That of the interquartile mean.
inline interval interquartile_mean_interval(scores const& all, bootstrap_options const& how = {}) {
  return bootstrap([](scores& drawn) { return detail::interquartile_mean_in_place(drawn.values()); }, how, all);
}

}  // namespace COHORT_NAMESPACE::statistics
