#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/statistics/aggregate.hpp>
#include <cohort/statistics/bootstrap.hpp>
#include <cohort/statistics/scores.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::statistics {

/// A performance profile: for each threshold the share that is above it, and its pointwise bootstrap interval.
struct profile {
  std::vector<double> thresholds, shares;
  std::vector<interval> bands;
};

namespace detail {

inline std::vector<double> shares_above(std::span<double const> values, std::vector<double> const& thresholds) {
  std::vector<double> shares;
  for (double threshold : thresholds)
    shares.push_back(double(std::count_if(values.begin(), values.end(), [&](double v) { return v > threshold; })) /
                     double(values.size()));
  return shares;
}

template <class Statistic>
profile profile_of(scores const& all, std::vector<double> const& thresholds, bootstrap_options const& how,
                   Statistic const& shares) {
  if (thresholds.empty()) throw value_error("profile: there are no thresholds, expected one or more");
  for (std::size_t i = 0; i < thresholds.size(); ++i)
    if (!std::isfinite(thresholds[i]))
      throw value_error("profile: threshold " + std::to_string(i) + " is " + cohort::detail::text(thresholds[i]) +
                        ", expected a finite number");
  return {thresholds, shares(all), bootstrap(shares, how, all)};
}

}  // namespace detail

/// The run-score distribution: the share of all runs of all tasks whose score is above each threshold.
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.2; rliable's create_performance_profile, which draws 2,000
/// replicates.
inline profile score_distribution(scores const& all, std::vector<double> const& thresholds,
                                  bootstrap_options const& how = {.replicates = 2000}) {
  return detail::profile_of(all, thresholds, how,
                            [&](scores const& of) { return detail::shares_above(of.values(), thresholds); });
}

/// The average-score distribution: the share of the tasks whose mean over the runs is above each threshold.
inline profile average_score_distribution(scores const& all, std::vector<double> const& thresholds,
                                          bootstrap_options const& how = {.replicates = 2000}) {
  return detail::profile_of(all, thresholds, how,
                            [&](scores const& of) { return detail::shares_above(task_means(of), thresholds); });
}

}  // namespace COHORT_NAMESPACE::statistics
