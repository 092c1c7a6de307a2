#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/statistics/quantile.hpp>
#include <type_traits>
#include <vector>

#include <cohort/compare/result.hpp>

namespace COHORT_NAMESPACE::comparing {

/// The returns of an algorithm's runs at one place of its learning curve.
struct curve_point {
  long steps;
  double seconds;
  double median;
  double low;   ///< first quartile
  double high;  ///< third quartile
};

namespace detail {

/// A run's evaluations as a function of their steps or seconds, linear in between; before the first and after the last,
/// that one's.
template <class Number>
evaluation_point interpolated(std::vector<evaluation_point> const& curve, Number evaluation_point::* x_of, double x) {
  auto const after = std::upper_bound(curve.begin(), curve.end(), x, [&](double value, auto const& point) {
    return value < static_cast<double>(point.*x_of);
  });
  if (after == curve.begin()) return curve.front();
  if (after == curve.end()) return curve.back();
  auto const before = after - 1;
  double const weight =
      (x - static_cast<double>((*before).*x_of)) / static_cast<double>((*after).*x_of - (*before).*x_of);
  auto const mix = [&](auto value_of) {
    auto const from = static_cast<double>(value_of(*before)), to = static_cast<double>(value_of(*after));
    return from + weight * (to - from);
  };
  return {std::lround(mix([](auto const& point) { return point.steps; })),
          mix([](auto const& point) { return point.seconds; }),
          mix([](auto const& point) { return point.mean_return; })};
}

/// Quartiles over the runs, each of which has been evaluated at least once, at the places of a grid.
template <class Number>
std::vector<curve_point> quartiles(std::vector<run_result> const& runs, Number evaluation_point::* x_of,
                                   std::vector<Number> const& grid) {
  std::vector<curve_point> points;
  for (Number const x : grid) {
    std::vector<double> steps, seconds, returns;
    for (auto const& run : runs) {
      auto const point = interpolated(run.curve, x_of, static_cast<double>(x));
      steps.push_back(static_cast<double>(point.steps));
      seconds.push_back(point.seconds);
      returns.push_back(point.mean_return);
    }
    std::sort(returns.begin(), returns.end());
    curve_point point{std::lround(statistics::median(steps)), statistics::median(seconds),
                      statistics::sorted_quantile(returns, .5), statistics::sorted_quantile(returns, .25),
                      statistics::sorted_quantile(returns, .75)};
    if constexpr (std::is_same_v<Number, long>) point.steps = x;
    else point.seconds = x;
    points.push_back(point);
  }
  return points;
}

inline bool lacks_evaluations(std::vector<run_result> const& runs) {
  return runs.empty() || std::any_of(runs.begin(), runs.end(), [](auto const& run) { return run.curve.empty(); });
}

}  // namespace detail

// Both curves begin where every run has been evaluated once. Beyond its last evaluation a run keeps that value, since
// its policy is then the one that it ends with.

/// Quartiles over the runs at each evaluation. Where runs were evaluated at different steps (whole episodes end when
/// they end), the steps are those of the run with the most evaluations, and the other runs' curves are interpolated.
inline std::vector<curve_point> curve_by_steps(std::vector<run_result> const& runs) {
  if (detail::lacks_evaluations(runs)) return {};
  auto const finest = std::max_element(runs.begin(), runs.end(),
                                       [](auto const& a, auto const& b) { return a.curve.size() < b.curve.size(); });
  std::vector<long> grid{0};
  for (auto const& run : runs) grid[0] = std::max(grid[0], run.curve.front().steps);
  for (auto const& point : finest->curve)
    if (point.steps > grid[0]) grid.push_back(point.steps);
  return detail::quartiles(runs, &evaluation_point::steps, grid);
}

/// Quartiles over the runs on an even grid of seconds that ends with the slowest run, each run's curve being
/// interpolated.
inline std::vector<curve_point> curve_by_seconds(std::vector<run_result> const& runs, int intervals = 120) {
  if (detail::lacks_evaluations(runs)) return {};
  double begin = 0, end = 0;
  for (auto const& run : runs) {
    begin = std::max(begin, run.curve.front().seconds);
    end = std::max(end, run.curve.back().seconds);
  }
  std::vector<double> grid{begin};
  for (int i = 1; i <= intervals && begin < end; ++i) grid.push_back(begin + (end - begin) * i / intervals);
  return detail::quartiles(runs, &evaluation_point::seconds, grid);
}

}  // namespace COHORT_NAMESPACE::comparing
