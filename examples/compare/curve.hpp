#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "result.hpp"
#include "statistics.hpp"

namespace compare {

/// The returns of an algorithm's runs at one place of its learning curve.
struct curve_point {
  long steps;
  double seconds;
  double median;
  double low;   ///< first quartile
  double high;  ///< third quartile
};

namespace detail {

inline curve_point point_of(double steps, double seconds, std::vector<double> returns) {
  std::sort(returns.begin(), returns.end());
  return {std::lround(steps), seconds, sorted_quantile(returns, .5), sorted_quantile(returns, .25), sorted_quantile(returns, .75)};
}

/// A run's evaluations, linear in between; before the first and after the last, that one's value.
inline evaluation_point at_seconds(std::vector<evaluation_point> const& curve, double seconds) {
  auto const after = std::upper_bound(curve.begin(), curve.end(), seconds, [](double s, auto const& point) { return s < point.seconds; });
  if (after == curve.begin()) return curve.front();
  if (after == curve.end()) return curve.back();
  auto const before = after - 1;
  double const weight = (seconds - before->seconds) / (after->seconds - before->seconds);
  auto const steps = static_cast<double>(before->steps) + weight * static_cast<double>(after->steps - before->steps);
  return {std::lround(steps), seconds, before->mean_return + weight * (after->mean_return - before->mean_return)};
}

inline bool lacks_evaluations(std::vector<run_result> const& runs) {
  return runs.empty() || std::any_of(runs.begin(), runs.end(), [](auto const& run) { return run.curve.empty(); });
}

}  // namespace detail

/// Quartiles over the runs at their k-th evaluation, for every k that all of them reached. Where the k-th evaluations are not at the same
/// step, theirs is the median step.
inline std::vector<curve_point> curve_by_steps(std::vector<run_result> const& runs) {
  if (detail::lacks_evaluations(runs)) return {};
  auto evaluations = std::numeric_limits<std::size_t>::max();
  for (auto const& run : runs) evaluations = std::min(evaluations, run.curve.size());
  std::vector<curve_point> points;
  for (std::size_t k = 0; k < evaluations; ++k) {
    std::vector<double> steps, seconds, returns;
    for (auto const& run : runs) {
      steps.push_back(static_cast<double>(run.curve[k].steps));
      seconds.push_back(run.curve[k].seconds);
      returns.push_back(run.curve[k].mean_return);
    }
    points.push_back(detail::point_of(median(steps), median(seconds), returns));
  }
  return points;
}

/// Quartiles over the runs on a common grid of seconds, each run's curve being interpolated. The grid begins where every run has been
/// evaluated once and ends with the slowest run; until then a run that is done keeps its last value, since that is the policy one has.
inline std::vector<curve_point> curve_by_seconds(std::vector<run_result> const& runs, int intervals = 120) {
  if (detail::lacks_evaluations(runs)) return {};
  double begin = 0, end = 0;
  for (auto const& run : runs) {
    begin = std::max(begin, run.curve.front().seconds);
    end = std::max(end, run.curve.back().seconds);
  }
  if (begin == end) intervals = 0;
  std::vector<curve_point> points;
  for (int i = 0; i <= intervals; ++i) {
    double const seconds = intervals ? begin + (end - begin) * i / intervals : begin;
    std::vector<double> steps, returns;
    for (auto const& run : runs) {
      auto const point = detail::at_seconds(run.curve, seconds);
      steps.push_back(static_cast<double>(point.steps));
      returns.push_back(point.mean_return);
    }
    points.push_back(detail::point_of(median(steps), seconds, returns));
  }
  return points;
}

}  // namespace compare
