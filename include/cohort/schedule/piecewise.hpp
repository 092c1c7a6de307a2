#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/schedule/schedule.hpp>
#include <cstddef>
#include <vector>

namespace COHORT_NAMESPACE {

/// A number at some progress of the run.
struct schedule_point {
  double progress = 0, value = 0;
};

/// Straight lines between points: piecewise{{{0, 1e-3}, {.5, 1e-3}, {1, 0}}}. Before the first point and behind the
/// last one it is theirs. Of two points with the same progress the later one counts from there on: a jump, so {{.2, 1},
/// {.2, .1}} is 1 up to .2 and then .1 (torch's MultiStepLR).
///
/// Raises value_error without points, and where one's progress is not in [0, 1] or less than that of the one before, or
/// its value is not finite.
struct piecewise {
  std::vector<schedule_point> points;

  static constexpr about notes{"piecewise", "straight lines between points, jumps where two have the same p", "torch",
                               "torch (MultiStepLR)"};

  double operator()(double progress) const {
    check();
    std::size_t next = 0;
    while (next < points.size() && points[next].progress <= progress) ++next;
    if (next == 0) return points.front().value;
    auto const& a = points[next - 1];
    if (next == points.size()) return a.value;
    auto const& b = points[next];
    return a.value + (b.value - a.value) * (progress - a.progress) / (b.progress - a.progress);
  }
  operator double() const = delete;  // write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}

  void check() const {
    detail::require(!points.empty(), "piecewise", "the number of points", 0, "1 or more");
    double before = 0;
    for (auto const& p : points) {
      detail::require(p.progress >= before && p.progress <= 1, "piecewise", "the progress of a point", p.progress,
                      "a number in [0, 1], not less than the one before");
      detail::require(p.value - p.value == 0, "piecewise", "the value of a point", p.value, "a finite number");
      before = p.progress;
    }
  }
};

}  // namespace COHORT_NAMESPACE
