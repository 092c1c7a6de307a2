#pragma once
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <cohort/compare/curve.hpp>
#include <cohort/compare/text.hpp>
#include <cohort/compare/ticks.hpp>

/// Learning curves as inline SVG. Colors, fonts and dashes are the style sheet's, by class: a series has s0, s1, ...
namespace COHORT_NAMESPACE::comparing {

/// How many series look different; later ones begin again.
inline constexpr std::size_t series_styles = 6;

inline std::string series_class(std::size_t series) { return "s" + std::to_string(series % series_styles); }

/// The mark of a series around (x, y): circle, square, triangle, diamond, plus, cross.
inline std::string marker(std::size_t series, double x, double y) {
  static constexpr std::array<char const*, series_styles> shapes{
      "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
      "M-3.6,-3.6h7.2v7.2h-7.2z",
      "M0,-4.8L4.6,3.4H-4.6z",
      "M0,-5L5,0L0,5L-5,0z",
      "M-1.6,-4.8h3.2v3.2h3.2v3.2h-3.2v3.2h-3.2v-3.2h-3.2v-3.2h3.2z",
      "M-4.4,-2.6L-2.6,-4.4L0,-1.8L2.6,-4.4L4.4,-2.6L1.8,0L4.4,2.6L2.6,4.4L0,1.8L-2.6,4.4L-4.4,2.6L-1.8,0z"};
  return "<path class=\"mark\" transform=\"translate(" + fixed(x, 1) + "," + fixed(y, 1) + ")\" d=\"" +
         shapes[series % series_styles] + "\"/>";
}

namespace detail {

inline std::string text(std::string const& type, double x, double y, std::string const& words) {
  return "<text class=\"" + type + "\" x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\">" + escape_html(words) +
         "</text>";
}
inline std::string rule(std::string const& type, double x1, double y1, double x2, double y2) {
  return "<path class=\"" + type + "\" d=\"M" + fixed(x1, 1) + "," + fixed(y1, 1) + "L" + fixed(x2, 1) + "," +
         fixed(y2, 1) + "\"/>";
}
inline std::string begin_svg(double width, double height, std::string const& id, std::string const& title) {
  return "<svg viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(height, 0) + "\" role=\"img\" aria-labelledby=\"" + id +
         "\">\n<title id=\"" + id + "\">" + escape_html(title) + "</title>\n";
}

}  // namespace detail

/// What a chart shows. The series are in the order of the styles. A value far out leaves the plot, and an arrow at the
/// edge says how far it went.
struct chart {
  std::string id;     ///< of its elements, unique on the page
  std::string title;  ///< for screen readers
  std::string x_label;
  std::vector<std::vector<curve_point>> series{};
  bool by_seconds = false;            ///< x is seconds, else environment steps
  std::optional<double> threshold{};  ///< a line across, with a label
  std::string threshold_label{};

  std::string svg() const;

 private:
  static constexpr double width = 480, height = 316, left = 52, right = 22, top = 10, bottom = 50;

  struct scales {
    axis x, y;
    double at_x(double value) const { return left + x.place(value) * (width - left - right); }
    double at_y(double value) const { return height - bottom - y.place(value) * (height - top - bottom); }
    std::string at(double x_value, double y_value) const {
      return fixed(at_x(x_value), 1) + "," + fixed(at_y(y_value), 1);
    }
  };

  double x_of(curve_point const& point) const { return by_seconds ? point.seconds : static_cast<double>(point.steps); }
  double median_at(std::vector<curve_point> const&, double x) const;
  scales fit() const;
  std::string frame(scales const&) const;
  std::string band(std::size_t, scales const&) const;
  std::string line(std::size_t, scales const&) const;
  std::string marks(std::size_t, scales const&) const;
  std::string beyond(std::size_t, scales const&) const;
  std::array<double, 2> threshold_label_place(scales const&) const;
};

/// The median line's height at x; NaN where it has none.
inline double chart::median_at(std::vector<curve_point> const& curve, double x) const {
  auto const after = std::lower_bound(curve.begin(), curve.end(), x,
                                      [&](auto const& point, double value) { return x_of(point) < value; });
  if (after == curve.end() || x < x_of(curve.front())) return std::numeric_limits<double>::quiet_NaN();
  auto const before = after == curve.begin() ? after : after - 1;
  double const gap = x_of(*after) - x_of(*before);
  return before->median + (gap > 0 ? (x - x_of(*before)) / gap : 0) * (after->median - before->median);
}

inline chart::scales chart::fit() const {
  double last = 0;
  std::vector<double> lows, highs, always;
  if (threshold) always.push_back(*threshold);
  for (auto const& curve : series) {
    for (auto const& point : curve) {
      last = std::max(last, x_of(point));
      lows.push_back(point.low);
      highs.push_back(point.high);
    }
    if (!curve.empty()) always.insert(always.end(), {curve.front().median, curve.back().median});
  }
  auto const [low, high] = shown_range(std::move(lows), std::move(highs), always);
  return {axis{0, last, 6}, return_axis(low, high)};
}

inline std::string chart::frame(scales const& to) const {
  using detail::rule, detail::text;
  double const floor = height - bottom, end = width - right;
  std::string out;
  for (double tick : to.y.ticks())
    out += rule("grid", left, to.at_y(tick), end, to.at_y(tick)) +
           text("tick y", left - 8, to.at_y(tick), to.y.label(tick)) + "\n";
  for (double tick : to.x.ticks())
    out += rule("axis", to.at_x(tick), floor, to.at_x(tick), floor + 5) +
           text("tick x", to.at_x(tick), floor + 21, to.x.label(tick)) + "\n";
  out += rule("axis", left, floor, end, floor) + text("label", (left + end) / 2, height - 6, x_label) + "\n";
  if (threshold) out += rule("threshold", left, to.at_y(*threshold), end, to.at_y(*threshold)) + "\n";
  return out;
}

inline std::string chart::band(std::size_t i, scales const& to) const {
  std::string path;
  for (auto const& point : series[i]) path += (path.empty() ? "M" : "L") + to.at(x_of(point), point.high);
  for (auto point = series[i].rbegin(); point != series[i].rend(); ++point)
    path += "L" + to.at(x_of(*point), point->low);
  return "<path class=\"band " + series_class(i) + "\" d=\"" + path + "z\"/>\n";
}

inline std::string chart::line(std::size_t i, scales const& to) const {
  std::string path;
  for (auto const& point : series[i]) path += (path.empty() ? "M" : "L") + to.at(x_of(point), point.median);
  return "<path class=\"line " + series_class(i) + "\" d=\"" + path + "\"/>\n";
}

/// Marks stand at a few places along the x axis that differ from series to series, so that they show where curves lie
/// on one another.
inline std::string chart::marks(std::size_t i, scales const& to) const {
  constexpr int places = 6;
  auto const& curve = series[i];
  std::string out = "<g class=\"" + series_class(i) + "\">";
  for (int k = 0; k < places; ++k) {
    double const phase =
        (static_cast<double>(i % series_styles) + .5) / static_cast<double>(std::min(series.size(), series_styles));
    double const x = to.x.high * (k + phase) / places;
    if (x < x_of(curve.front()) || x > x_of(curve.back())) continue;
    out += marker(i, to.at_x(x), to.at_y(median_at(curve, x)));
  }
  if (curve.size() == 1) out += marker(i, to.at_x(x_of(curve[0])), to.at_y(curve[0].median));
  return out + "</g>\n";
}

/// Where the fewest curves pass through the threshold's label: under or over its line, as far to the right as possible.
inline std::array<double, 2> chart::threshold_label_place(scales const& to) const {
  constexpr double half = 52, tall = 20;
  double const line = to.at_y(*threshold);
  std::array<double, 2> best{};
  auto fewest = std::numeric_limits<int>::max();
  for (double x = width - right - half; x >= left + half; x -= 12)
    for (bool const over : {false, true}) {
      double const above = over ? line - tall : line, below = over ? line : line + tall;
      if (above < 0 || below > height - bottom) continue;
      int crossed = 0;
      for (auto const& curve : series)
        for (double at = x - half; at <= x + half && !curve.empty(); at += 4) {
          double const y =
              to.at_y(median_at(curve, to.x.low + (at - left) / (width - left - right) * (to.x.high - to.x.low)));
          crossed += y > above && y < below;
        }
      if (crossed < fewest) {
        fewest = crossed;
        best = {x, over ? line - 6 : line + 15};
      }
    }
  return best;
}

/// What of a series is beyond the axis.
inline std::string chart::beyond(std::size_t i, scales const& to) const {
  std::string out;
  auto const say = [&](curve_point const& point, double value, std::string const& arrow, double y) {
    double const x = std::clamp(to.at_x(x_of(point)), left + 30, width - right - 30);
    out += detail::text("beyond " + series_class(i), x, y,
                        arrow + (to.y.step < 1 ? fixed(value, 2) : thousands(std::llround(value)))) +
           "\n";
  };
  auto const lowest =
      std::min_element(series[i].begin(), series[i].end(), [](auto const& a, auto const& b) { return a.low < b.low; });
  auto const highest = std::max_element(series[i].begin(), series[i].end(),
                                        [](auto const& a, auto const& b) { return a.high < b.high; });
  double const row = 15 * static_cast<double>(i);
  if (lowest->low < to.y.low) say(*lowest, lowest->low, "\u2193\u00a0", height - bottom - 6 - row);
  if (highest->high > to.y.high) say(*highest, highest->high, "\u2191\u00a0", top + 14 + row);
  return out;
}

inline std::string chart::svg() const {
  auto const to = fit();
  std::string const w = fixed(width - left - right, 0), h = fixed(height - top - bottom, 0), x0 = fixed(left, 0),
                    y0 = fixed(top, 0);
  std::string out = detail::begin_svg(width, height, id, title) + frame(to);
  out += "<svg class=\"plot\" x=\"" + x0 + "\" y=\"" + y0 + "\" width=\"" + w + "\" height=\"" + h + "\" viewBox=\"" +
         x0 + " " + y0 + " " + w + " " + h + "\">\n";
  for (auto const draw : {&chart::band, &chart::line, &chart::marks})
    for (std::size_t i = 0; i < series.size(); ++i)
      if (!series[i].empty()) out += (this->*draw)(i, to);
  out += "</svg>\n";
  for (std::size_t i = 0; i < series.size(); ++i)
    if (!series[i].empty()) out += beyond(i, to);
  if (threshold) {
    auto const [x, y] = threshold_label_place(to);
    out += detail::text("threshold-label", x, y, threshold_label) + "\n";
  }
  return out + "</svg>\n";
}

}  // namespace COHORT_NAMESPACE::comparing
