#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/scalar/welford.hpp>
#include <cohort/statistics/scores.hpp>
#include <numbers>
#include <string>

namespace COHORT_NAMESPACE::statistics {

namespace detail {

/// P(|T| > t), t >= 0, of Student's T with that many degrees of freedom and that noncentrality, both real numbers:
///
///     T = (Z + noncentrality) / S,   Z ~ N(0, 1),   S^2 freedom ~ chi-squared(freedom)
///
/// The mean of P(|Z + noncentrality| > t S) over S. In log S what is summed falls exponentially or faster on both sides
/// and is analytic, so the trapezoidal rule is exact to rounding. It is centered where the central tail lies: relative
/// errors are near 1e-13 for p down to 1e-300.
inline double two_sided_tail(double t, double freedom, double noncentrality = 0) {
  double const width = std::sqrt(40 / freedom), tail = -.5 * std::log1p(t / freedom * t);
  double const step = std::min(.05, .4 / std::sqrt(freedom + noncentrality * noncentrality));
  double const first = std::floor((tail - width - width * width) / step), last = std::ceil(width / step);
  auto const above = [](double z) { return .5 * std::erfc(z / std::numbers::sqrt2); };
  double sum = 0, all = 0;
  for (double k = first; k <= last; ++k) {
    double const u = k * step, s = std::exp(u);
    double const weight = std::exp(freedom * (u - .5 * std::expm1(2 * u)));
    all += weight;
    sum += weight * (above(t * s - noncentrality) + above(t * s + noncentrality));
  }
  return sum / all;
}

}  // namespace detail

/// Welch's test of whether two samples have the same mean, their deviations being whatever they are.
struct t_test {
  double t;        ///< (mean x - mean y) / sqrt(v_x + v_y), v = variance / runs
  double freedom;  ///< degrees: (v_x + v_y)^2 / (v_x^2 / (n_x - 1) + v_y^2 / (n_y - 1))
  double p;        ///< two-sided: how often the same means give a |t| of this size or larger
};

/// Raises value_error where a sample has several tasks or fewer than two runs, and where neither has any deviation.
///
/// Source: Welch 1947, Biometrika 34; scipy.stats.ttest_ind(x, y, equal_var=False).
inline t_test welch(scores const& x, scores const& y) {
  double mean[2], v[2], n[2];
  for (int i : {0, 1}) {
    scores const& one = i == 0 ? x : y;
    auto const name = i == 0 ? "x" : "y";
    cohort::detail::require(one.tasks() == 1, "welch", (std::string("tasks of ") + name).c_str(), double(one.tasks()),
                            "1");
    cohort::detail::require(one.runs() > 1, "welch", (std::string("runs of ") + name).c_str(), double(one.runs()),
                            "2 or more: a single one has no deviation");
    cohort::detail::welford all;
    for (double value : one.values()) all.add(value);
    n[i] = double(one.runs()), mean[i] = all.mean(), v[i] = all.deviation() * (all.deviation() / n[i]);
  }
  if (!(v[0] + v[1] > 0))
    throw value_error("welch: neither x nor y has any deviation, expected runs that differ: t would be divided by 0");
  double const share = v[0] / (v[0] + v[1]);
  t_test found{(mean[0] - mean[1]) / std::sqrt(v[0] + v[1]),
               1 / (share * share / (n[0] - 1) + (1 - share) * (1 - share) / (n[1] - 1)), 0};
  found.p = detail::two_sided_tail(std::abs(found.t), found.freedom);
  return found;
}

}  // namespace COHORT_NAMESPACE::statistics
