#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::statistics {

/// The p-quantile of a sorted sample, linear between order statistics (type 7, numpy's and R's default). Raises
/// value_error for an empty sample and for a p outside of [0, 1].
inline double sorted_quantile(std::span<double const> sorted, double p) {
  if (sorted.empty()) throw value_error("quantile: the sample is empty, expected a number or more");
  cohort::detail::require(p >= 0 && p <= 1, "quantile", "p", p, "a number in [0, 1]");
  double const position = p * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(position);
  auto const above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

inline double quantile(std::vector<double> values, double p) {
  for (double value : values) cohort::detail::require(value == value, "quantile", "a value", value, "a number");
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, p);
}

inline double median(std::vector<double> values) { return quantile(std::move(values), .5); }

/// The median of a sample in which an empty value stands for "never", later than every time. Empty if more than half
/// never did; if exactly half did, the latest of their times (every time from there on is a median).
template <class T>
std::optional<double> median_time(std::span<std::optional<T> const> times) {
  std::vector<double> reached;
  for (auto const& time : times)
    if (time) reached.push_back(static_cast<double>(*time));
  if (reached.empty() || 2 * reached.size() < times.size()) return std::nullopt;
  std::sort(reached.begin(), reached.end());
  auto const upper = times.size() / 2;
  if (upper >= reached.size()) return reached.back();
  return times.size() % 2 ? reached[upper] : (reached[upper - 1] + reached[upper]) / 2;
}

}  // namespace COHORT_NAMESPACE::statistics
