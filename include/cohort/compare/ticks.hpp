#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cohort/statistics/quantile.hpp>
#include <string>
#include <vector>

#include <cohort/compare/text.hpp>

namespace COHORT_NAMESPACE::comparing {

/// An axis from low to high, with ticks at multiples of 1, 2 or 5 times a power of ten that lie in between.
struct axis {
  double low = 0;
  double high = 1;
  double step = 1;

  axis(double from, double to, int about_ticks) : low(from), high(to > from ? to : from + 1) {
    double const rough = (high - low) / about_ticks;
    double const power = std::pow(10., std::floor(std::log10(rough)));
    double const times = rough / power;  // the limits are the geometric means of neighbors
    step = power * (times < 1.4 ? 1 : times < 3.2 ? 2 : times < 7.1 ? 5 : 10);
  }

  std::vector<double> ticks() const {
    std::vector<double> places;
    auto const last = std::floor(high / step + 1e-9);
    for (auto k = std::ceil(low / step - 1e-9); k <= last; ++k) places.push_back(k * step);
    return places;
  }

  /// Just the digits that tell neighbors apart; thousands as "20k", millions as "1.5M", where all of the axis is that
  /// large.
  std::string label(double tick) const {
    auto const digits = [](double of) { return std::clamp(static_cast<int>(std::ceil(-std::log10(of) - 1e-9)), 0, 9); };
    if (tick == 0) return "0";
    if (step >= 1e5 && high >= 2e6) return fixed(tick / 1e6, digits(step / 1e6)) + "M";
    if (step >= 1e3) return fixed(tick / 1e3, digits(step / 1e3)) + "k";
    if (step >= 1e2 && high >= 5e3) return fixed(tick / 1e3, digits(step / 1e3)) + "k";
    return fixed(tick, digits(step));
  }

  /// Where a value lies, 0 at the low end and 1 at the high end.
  double place(double value) const { return (value - low) / (high - low); }
};

/// The range that an axis shows of curves: all of it, unless a few values far out would take a sixth of the axis and
/// more from all others. `always` is shown whatever it is; of the lows and highs of the curves, a twentieth may be left
/// out at the end where they are far out.
inline std::array<double, 2> shown_range(std::vector<double> lows, std::vector<double> highs,
                                         std::vector<double> const& always) {
  for (double value : always) lows.push_back(value), highs.push_back(value);
  std::sort(lows.begin(), lows.end());
  std::sort(highs.begin(), highs.end());
  auto const [least, most] = std::minmax_element(always.begin(), always.end());
  double const low = std::min(statistics::sorted_quantile(lows, .05), *least),
               high = std::max(statistics::sorted_quantile(highs, .95), *most);
  double const far = (high - low) / 5;
  return {lows.front() < low - far ? low : lows.front(), highs.back() > high + far ? high : highs.back()};
}

/// The range of returns for an axis: a twentieth of room beyond the data, and 0 where it is near enough to be worth
/// showing.
inline axis return_axis(double low, double high, int about_ticks = 6) {
  double const room = high > low ? (high - low) / 20 : std::max(1., std::abs(high) / 20);
  double const bottom = low >= 0 && low < high / 2 ? 0 : low - room;
  double const top = high <= 0 && high > low / 2 ? 0 : high + room;
  return {bottom, top, about_ticks};
}

}  // namespace COHORT_NAMESPACE::comparing
