#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/environment/spaces.hpp>
#include <cohort/run/train_report.hpp>
#include <cstdint>
#include <limits>
#include <vector>

namespace COHORT_NAMESPACE {

/// One number of an observation or an action, over some steps.
struct number_spread {
  double mean = 0, deviation = 0;
  double largest = 0;  ///< of the absolute values
  double outside = 0;  ///< of an action: the share beyond its bounds
};

/// What a diagnosis looks at: the report after each update, and what no report says. What is not known is left empty.
struct run_history {
  std::vector<train_report> reports{};
  double max_gradient_norm = std::numeric_limits<double>::infinity();  ///< of the run's update
  bool normalizes = false;                    ///< whether the policy normalizes its observations
  std::vector<number_spread> observations{};  ///< each number, as the environment shows it
  std::vector<number_spread> actions{};       ///< each number, as the first policy draws it
  environment_spaces spaces{};
  double first_entropy = std::numeric_limits<double>::quiet_NaN();  ///< of the policy before its first update
  std::int64_t evaluated = 0;                                       ///< the update after which the last evaluation was
  double evaluation_mean = std::numeric_limits<double>::quiet_NaN(), evaluation_deviation = 0;

  std::size_t size() const { return reports.size(); }

  /// The middle of f(report) over the updates from one on; NaN where it is none in all of them.
  template <class F>
  double median(F f, std::size_t from = 0) const {
    std::vector<double> all;
    for (std::size_t i = from; i < size(); ++i)
      if (double const x = f(reports[i]); x == x) all.push_back(x);
    if (all.empty()) return std::numeric_limits<double>::quiet_NaN();
    auto const middle = all.begin() + std::ptrdiff_t(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    return *middle;
  }
  template <class F>
  double share(F holds) const {
    return double(std::count_if(reports.begin(), reports.end(), holds)) / double(size());
  }
  /// The mean returns (of a language model the rewards) that are known, in their order: of 100 episodes, if so many
  /// ended in the first half of them.
  std::vector<double> returns() const {
    std::vector<double> all;
    std::size_t first = 0;
    for (auto const& r : reports) {
      bool const of_language = r.completions.count > 0;
      if (double const x = of_language ? r.completions.reward : r.mean_return; x == x) {
        all.push_back(x);
        if (!of_language && r.episodes < 100) first = all.size();
      }
    }
    if (2 * first < all.size()) all.erase(all.begin(), all.begin() + std::ptrdiff_t(first));
    return all;
  }
  /// How much better the last tenth of the returns is than the first, as a share of their size; NaN where none is
  /// known.
  double rise() const {
    auto const all = returns();
    if (all.empty()) return std::numeric_limits<double>::quiet_NaN();
    auto const tenth = std::max<std::size_t>(1, all.size() / 10);
    double first = 0, last = 0;
    for (std::size_t i = 0; i < tenth; ++i) first += all[i], last += all[all.size() - 1 - i];
    double const size = std::max(std::abs(first), std::abs(last));
    return size > 0 ? (last - first) / size : 0;
  }
};

}  // namespace COHORT_NAMESPACE
