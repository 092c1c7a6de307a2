#pragma once
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/statistics/t_test.hpp>
#include <cstdint>

namespace COHORT_NAMESPACE::statistics {

/// A difference between two algorithms that a t test is to find.
struct difference {
  double size;         ///< of the means; not 0
  double deviation;    ///< of the runs of each, as a pilot of some runs says; > 0
  double alpha = .05;  ///< how often equal means may be called different; in (0, 1)
  double power = .8;   ///< how often the difference is to be found; in (alpha, 1)

  void check() const {
    using cohort::detail::require;
    require(std::isfinite(size) && size != 0, "difference", "size", size, "a finite number that is not 0");
    require(std::isfinite(deviation) && deviation > 0, "difference", "deviation", deviation, "a positive number");
    require(alpha > 0 && alpha < 1, "difference", "alpha", alpha, "a number in (0, 1)");
    require(power > alpha && power < 1, "difference", "power", power, "a number between alpha and 1");
  }
};

namespace detail {

/// The t that |T| exceeds with probability alpha.
inline double critical_t(double alpha, double freedom) {
  double low = 0, high = 1;
  while (two_sided_tail(high, freedom) > alpha) low = high, high *= 2;
  while (high - low > 1e-14 * high) {
    double const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    (two_sided_tail(middle, freedom) > alpha ? low : high) = middle;
  }
  return high;
}

}  // namespace detail

/// How often a two-sided t test with that many runs of each algorithm finds the difference:
///
///     P(|T| > critical t),   2 (n - 1) degrees of freedom, noncentrality size / deviation sqrt(n / 2)
///
/// for runs that are normally distributed with one deviation. Returns of runs are often neither; a first estimate.
///
/// Source: Cohen 1988, Statistical Power Analysis, 2.5; statsmodels' TTestIndPower. For reinforcement learning, Colas
/// et al. 2018, arXiv:1806.08295.
inline double power_of_runs(difference const& d, std::int64_t runs) {
  d.check();
  cohort::detail::require(runs > 1, "power_of_runs", "runs", double(runs), "2 or more of each algorithm");
  double const freedom = 2 * (double(runs) - 1);
  return detail::two_sided_tail(detail::critical_t(d.alpha, freedom), freedom,
                                std::abs(d.size) / d.deviation * std::sqrt(double(runs) / 2));
}

/// How many seeds each of two algorithms needs: the fewest runs with which the test finds the difference as often as
/// `power` says. Raises value_error where that is more than a billion.
inline std::int64_t seeds_needed(difference const& d) {
  std::int64_t enough = 2;
  for (; power_of_runs(d, enough) < d.power; enough *= 2)
    if (enough > 1'000'000'000)
      throw value_error("seeds_needed: more than 1000000000 for a difference of " + cohort::detail::text(d.size) +
                        " at a deviation of " + cohort::detail::text(d.deviation) + ", expected a larger difference");
  if (enough == 2) return 2;
  for (std::int64_t too_few = enough / 2; enough - too_few > 1;) {
    auto const middle = (enough + too_few) / 2;
    (power_of_runs(d, middle) < d.power ? too_few : enough) = middle;
  }
  return enough;
}

}  // namespace COHORT_NAMESPACE::statistics
