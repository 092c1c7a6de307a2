#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cohort/picture/plane.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// Pictures as lines of text: a character of braille has two by four dots.
class braille {
 public:
  braille(window const& seen, int columns = 60, int rows = 20)
      : columns_(columns),
        rows_(rows),
        scale_(std::min(wide() / seen.width(), high() / seen.height())),
        left_(wide() / 2 - scale_ * (seen.left + seen.right) / 2),
        top_(high() / 2 + scale_ * (seen.top + seen.bottom) / 2) {}

  /// As many lines as there are rows, each of as many characters as columns; with `color` in ANSI's colors.
  std::string lines(shapes const& picture, bool color = false) {
    cells_.assign(std::size_t(columns_) * std::size_t(rows_), {});
    for (auto const& s : picture) draw(s);
    std::string all;
    for (int row = 0; row < rows_; ++row, all += '\n') {
      int before = -1;
      for (int column = 0; column < columns_; ++column) {
        auto const& c = cells_[std::size_t(row * columns_ + column)];
        bool const empty = c.dots == 0 && c.text.empty();
        if (color && !empty && int(c.color) != before) all += escapes[std::size_t(before = int(c.color))];
        if (empty) all += ' ';
        else if (!c.text.empty()) all += c.text;
        else all += {char(0xe2), char(0xa0 | c.dots >> 6), char(0x80 | (c.dots & 0x3f))};
      }
      if (before >= 0) all += "\x1b[0m";
    }
    return all;
  }

 private:
  struct cell {
    unsigned dots = 0;
    ink color = ink::scenery;
    std::string text{};  ///< over the dots
  };
  static constexpr std::array<char const*, 6> escapes{"\x1b[0m",  "\x1b[36m", "\x1b[33m",
                                                      "\x1b[35m", "\x1b[32m", "\x1b[34m"};

  double wide() const { return 2. * columns_; }
  double high() const { return 4. * rows_; }
  point on(point p) const { return {left_ + scale_ * p.x, top_ - scale_ * p.y}; }

  void draw(shape const& s) {
    std::vector<point> at;
    for (auto const& p : s.points) at.push_back(on(p));
    if (at.empty()) return;
    double const reach = std::max(.6, scale_ * s.size * (s.what == shape::kind::line ? .5 : 1));
    if (s.what == shape::kind::words) return say(at[0], s);
    if (s.what == shape::kind::area) {
      fill(at, 0, s.color, [&](point p) { return plane::inside(p, at); });
      at.push_back(at[0]);  // and its edge, so that what is thin is seen
    }
    for (std::size_t i = 0; i < at.size(); ++i) {
      point const from = at[i], to = at[std::min(i + 1, at.size() - 1)];
      double const edge = s.what == shape::kind::area ? .6 : reach;
      fill({from, to}, edge, s.color, [&](point p) { return plane::distance(p, from, to) <= edge; });
    }
  }
  /// Sets the dots for which f holds, of those that are so near to the points' bounds.
  template <class F>
  void fill(std::vector<point> const& points, double near, ink color, F f) {
    plane::for_squares(points, near, 2 * columns_, 4 * rows_, [&](int x, int y, point middle) {
      if (!f(middle)) return;
      auto& c = cells_[std::size_t(y / 4 * columns_ + x / 2)];
      c.dots |= y % 4 == 3 ? 0x40u << x % 2 : 1u << (y % 4 + 3 * (x % 2));
      c.color = color;
    });
  }
  void say(point at, shape const& s) {
    std::vector<std::string> letters;
    for (char c : s.text)
      if ((c & 0xc0) == 0x80 && !letters.empty()) letters.back() += c;  // goes on with a letter in UTF-8
      else letters.emplace_back(1, c);
    int const row = int(at.y / 4), first = int(std::lround(at.x / 2 - double(letters.size()) / 2));
    for (int i = 0; i < int(letters.size()); ++i)
      if (row >= 0 && row < rows_ && first + i >= 0 && first + i < columns_)
        cells_[std::size_t(row * columns_ + first + i)] = {0, s.color, letters[std::size_t(i)]};
  }

  int columns_, rows_;
  double scale_, left_, top_;
  std::vector<cell> cells_{};
};

}  // namespace COHORT_NAMESPACE::picture
