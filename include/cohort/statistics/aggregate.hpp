#pragma once
#include <algorithm>
#include <cohort/statistics/quantile.hpp>
#include <cohort/statistics/scores.hpp>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

// One number for an algorithm's runs on all tasks. Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.3; rliable.

namespace COHORT_NAMESPACE::statistics {

namespace detail {

/// Reorders `values`.
inline double interquartile_mean_in_place(std::span<double> values) {
  auto const cut = static_cast<std::ptrdiff_t>(values.size() / 4);
  auto const first = values.begin() + cut, last = values.end() - cut;
  if (cut) {
    std::nth_element(values.begin(), first, values.end());
    std::nth_element(first, last, values.end());
  }
  return std::accumulate(first, last, 0.) / static_cast<double>(last - first);
}

inline double mean_of(std::span<double const> values) {
  return std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
}

}  // namespace detail

/// The mean over the runs, of each task.
inline std::vector<double> task_means(scores const& all) {
  std::vector<double> means;
  for (std::size_t i = 0; i < all.tasks(); ++i) means.push_back(detail::mean_of(all.task(i)));
  return means;
}

/// The mean over all runs of all tasks.
inline double mean(scores const& all) { return detail::mean_of(all.values()); }

/// The median of the tasks' means.
inline double median_of_tasks(scores const& all) { return median(task_means(all)); }

/// The mean of what is left of all n runs of all tasks when int(n / 4) are cut off at each end:
/// scipy.stats.trim_mean(values, 0.25).
inline double interquartile_mean(scores all) { return detail::interquartile_mean_in_place(all.values()); }

/// How far the runs stay below `target`, those beyond it counting as `target`:
///
///     target - mean(min(score, target))
inline double optimality_gap(scores const& all, double target = 1) {
  cohort::detail::require(std::isfinite(target), "optimality_gap", "target", target, "a finite number");
  double sum = 0;
  for (double score : all.values()) sum += std::min(score, target);
  return target - sum / static_cast<double>(all.values().size());
}

}  // namespace COHORT_NAMESPACE::statistics
