#pragma once
#include <algorithm>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace compare {

struct interval {
  double low;
  double high;
};

/// The p-quantile of a sorted sample that is not empty, linear between order statistics (type 7, numpy's and R's
/// default).
inline double sorted_quantile(std::span<double const> sorted, double p) {
  double const position = p * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(position);
  auto const above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

inline double quantile(std::vector<double> values, double p) {
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

/// The mean of what is left when int(n / 4) values are cut off at each end: scipy.stats.trim_mean(values, 0.25).
/// Reorders `values`.
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.3.
inline double interquartile_mean_in_place(std::span<double> values) {
  auto const cut = static_cast<std::ptrdiff_t>(values.size() / 4);
  auto const first = values.begin() + cut, last = values.end() - cut;
  if (cut) {
    std::nth_element(values.begin(), first, values.end());
    std::nth_element(first, last, values.end());
  }
  return std::accumulate(first, last, 0.) / static_cast<double>(last - first);
}

inline double interquartile_mean(std::vector<double> values) { return interquartile_mean_in_place(values); }

/// The 95% percentile bootstrap interval of the interquartile mean: runs are drawn with replacement, as many as there
/// are, 10,000 times. Stratified bootstrapping draws within each task; here there is one task, so each algorithm's runs
/// are drawn on their own.
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.1.
inline interval bootstrap_interval(std::span<double const> values, std::uint64_t seed = 0, int replicates = 10'000) {
  std::vector<double> drawn(values.size());
  std::vector<double> means(static_cast<std::size_t>(replicates));
  for (std::size_t replicate = 0; replicate < means.size(); ++replicate) {
    cohort::random_stream random{{.seed = seed, .use = cohort::draw_purpose::user},
                                 static_cast<std::uint32_t>(replicate)};
    for (double& value : drawn) value = values[random.integer(static_cast<std::uint32_t>(values.size()))];
    means[replicate] = interquartile_mean_in_place(drawn);
  }
  std::sort(means.begin(), means.end());
  return {sorted_quantile(means, .025), sorted_quantile(means, .975)};
}

}  // namespace compare
