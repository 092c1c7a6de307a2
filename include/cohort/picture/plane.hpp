#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/picture/shape.hpp>
#include <cstddef>
#include <ranges>
#include <vector>

// What those who draw shapes into a grid of unit squares share: its columns to the right, its rows downward.

namespace COHORT_NAMESPACE::picture::plane {

/// From a point to the piece of a line between two others.
inline double distance(point p, point from, point to) {
  double const dx = to.x - from.x, dy = to.y - from.y, square = dx * dx + dy * dy;
  double const along = square > 0 ? std::clamp(((p.x - from.x) * dx + (p.y - from.y) * dy) / square, 0., 1.) : 0;
  return std::hypot(p.x - from.x - along * dx, p.y - from.y - along * dy);
}
inline bool inside(point p, std::vector<point> const& corners) {
  bool in = false;
  for (std::size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
    auto const &a = corners[i], &b = corners[j];
    if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x)) in = !in;
  }
  return in;
}
/// f(column, row, middle) of the squares that are so near to the points' bounds.
template <class F>
void for_squares(std::vector<point> const& points, double near, int columns, int rows, F f) {
  auto [left, right] = std::ranges::minmax(points, {}, &point::x);
  auto [top, bottom] = std::ranges::minmax(points, {}, &point::y);
  auto within = [](double x, int most) { return int(std::clamp(std::floor(x), 0., double(most))); };
  for (int y = within(top.y - near, rows); y < within(bottom.y + near + 1, rows); ++y)
    for (int x = within(left.x - near, columns); x < within(right.x + near + 1, columns); ++x)
      f(x, y, point{x + .5, y + .5});
}

}  // namespace COHORT_NAMESPACE::picture::plane
