#pragma once
#include <algorithm>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>
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

/// The 95% percentile bootstrap interval of a statistic: runs are drawn with replacement, as many as there are, 10,000
/// times. Stratified bootstrapping draws within each task; here there is one task, so the runs of each sample are drawn
/// on their own. `statistic` may reorder what it is given.
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.1.
template <class Statistic, class... T>
interval bootstrap(Statistic statistic, std::uint64_t seed, int replicates, std::span<T const>... samples) {
  std::tuple<std::vector<T>...> drawn{std::vector<T>(samples.size())...};
  std::vector<double> found(static_cast<std::size_t>(replicates));
  for (std::size_t replicate = 0; replicate < found.size(); ++replicate) {
    cohort::random_stream random{{.seed = seed, .use = cohort::draw_purpose::user},
                                 static_cast<std::uint32_t>(replicate)};
    auto const draw = [&](auto& to, auto const& from) {
      for (auto& value : to) value = from[random.integer(static_cast<std::uint32_t>(from.size()))];
    };
    found[replicate] = std::apply([&](auto&... to) { return (draw(to, samples), ...), statistic(to...); }, drawn);
  }
  std::sort(found.begin(), found.end());
  return {sorted_quantile(found, .025), sorted_quantile(found, .975)};
}

inline interval bootstrap_interval(std::span<double const> values, std::uint64_t seed = 0, int replicates = 10'000) {
  return bootstrap(interquartile_mean_in_place, seed, replicates, values);
}

/// How likely a run of the first algorithm is to end better than one of the second, and its bootstrap interval.
struct improvement {
  double probability;
  interval between;
};

/// The probability of improvement, P(X > Y): the share of the pairs of a run of X and a run of Y in which X's value is
/// the larger one, pairs of equal values counting half. It is Mann and Whitney's U over the number of pairs.
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.3.
inline improvement probability_of_improvement(std::span<double const> x, std::span<double const> y,
                                              std::uint64_t seed = 0, int replicates = 10'000) {
  // Only the order counts. Equal values have one rank, the place of the first of them.
  std::vector<double> values{x.begin(), x.end()};
  values.insert(values.end(), y.begin(), y.end());
  std::sort(values.begin(), values.end());
  auto const ranks = [&](std::span<double const> of) {
    std::vector<std::size_t> all;
    for (double value : of)
      all.push_back(static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), value) - values.begin()));
    return all;
  };
  auto const share = [&, better = std::vector<double>(values.size()), worse = std::vector<double>(values.size())](
                         std::span<std::size_t const> of_x, std::span<std::size_t const> of_y) mutable {
    std::fill(better.begin(), better.end(), 0);
    std::fill(worse.begin(), worse.end(), 0);
    for (auto rank : of_x) ++better[rank];
    for (auto rank : of_y) ++worse[rank];
    double below = 0, won = 0;
    for (std::size_t rank = 0; rank < values.size(); ++rank) {
      won += better[rank] * (below + worse[rank] / 2);
      below += worse[rank];
    }
    return won / (static_cast<double>(of_x.size()) * static_cast<double>(of_y.size()));
  };
  auto const of_x = ranks(x), of_y = ranks(y);
  auto once = share;
  return {once(of_x, of_y),
          bootstrap(share, seed, replicates, std::span<std::size_t const>{of_x}, std::span<std::size_t const>{of_y})};
}

}  // namespace compare
