#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <cohort/compare/chart.hpp>
#include <cohort/compare/summary.hpp>
#include <cohort/compare/table.hpp>
#include <cohort/compare/text.hpp>
#include <cohort/compare/ticks.hpp>

namespace COHORT_NAMESPACE::comparing {

/// Every seed's final return, a row for each algorithm: a dot for a seed, stacked where they are close, with the
/// interquartile mean and its interval.
class strip {
 public:
  explicit strip(comparison const& all) : all_(all), values_(range(all)) {}

  std::string svg() const {
    std::string out = detail::begin_svg(width, height(), "finals", "Final return of every seed");
    double const floor = height() - bottom;
    for (double tick : values_.ticks())
      out += detail::rule("grid", at(tick), top, at(tick), floor) +
             detail::text("tick x", at(tick), floor + 18, values_.label(tick)) + "\n";
    out += detail::rule("axis", left, floor, width - right, floor) +
           detail::text("label", (left + width - right) / 2, floor + 38, "final return") + "\n";
    if (auto const threshold = all_.asked.threshold)
      out += detail::rule("threshold", at(*threshold), top, at(*threshold), floor) +
             detail::text("threshold-label", std::clamp(at(*threshold), left + 50, width - right - 50), top - 4,
                          "threshold " + threshold_text(*threshold)) +
             "\n";
    for (std::size_t i = 0; i < all_.algorithms.size(); ++i) out += row(i);
    return out + "</svg>\n";
  }

 private:
  static constexpr double width = 480, left = 122, right = 22, top = 20, bottom = 44, row_height = 58, dot = 4;

  static axis range(comparison const& all) {
    double low = all.asked.threshold.value_or(all.algorithms[0].iqm), high = low;
    for (auto const& one : all.algorithms)
      for (auto const& run : one.finals) low = std::min(low, run.value), high = std::max(high, run.value);
    return return_axis(low, high);
  }
  double height() const { return top + row_height * static_cast<double>(all_.algorithms.size()) + bottom; }
  double at(double value) const { return left + values_.place(value) * (width - left - right); }

  std::string row(std::size_t i) const {
    auto const& one = all_.algorithms[i];
    double const middle = top + row_height * (static_cast<double>(i) + .5);
    std::string out =
        "<g class=\"" + series_class(i) + "\">" + detail::text("name", 0, middle + 4, display_name(one.name)) +
        detail::rule("interval", at(one.iqm_interval.low), middle, at(one.iqm_interval.high), middle) + "\n";
    auto runs = one.finals;
    std::sort(runs.begin(), runs.end(), [](auto const& a, auto const& b) { return a.value < b.value; });
    for (std::size_t first = 0, end = 0; first < runs.size(); first = end) {
      while (end < runs.size() && at(runs[end].value) - at(runs[first].value) < 2 * dot) ++end;
      double const step = std::min(2 * dot, 36 / static_cast<double>(end - first));
      for (std::size_t k = first; k < end; ++k) {
        double const y = middle + step * (static_cast<double>(k - first) - static_cast<double>(end - first - 1) / 2);
        out += "<circle class=\"dot\" cx=\"" + fixed(at(runs[k].value), 1) + "\" cy=\"" + fixed(y, 1) + "\" r=\"" +
               fixed(dot, 0) + "\"><title>seed " + std::to_string(runs[k].seed) + ": " +
               fixed(runs[k].value, return_digits(all_)) + "</title></circle>\n";
      }
    }
    return out + detail::rule("mean", at(one.iqm), middle - 23, at(one.iqm), middle + 23) + "</g>\n";
  }

  comparison const& all_;
  axis values_;
};

}  // namespace COHORT_NAMESPACE::comparing
