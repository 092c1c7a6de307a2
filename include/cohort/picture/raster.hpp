#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/picture/letters.hpp>
#include <cohort/picture/pixels.hpp>
#include <cohort/picture/plane.hpp>
#include <cohort/picture/shape.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// Shapes as pixels on white, in the light colors, and a line of text below them. A shape covers as much of a pixel as
/// the middle of the pixel is inside of the shape's edge: from nothing, half a pixel outside, to all of it, half a
/// pixel inside.
class canvas {
 public:
  static constexpr int strip = 36;  ///< rows with the text

  /// Raises value_error where the window has no width or no height, or is out of proportion.
  explicit canvas(window const& seen, int width = 600)
      : scale_(width / seen.width()),
        seen_(seen),
        rows_(rows_of(scale_ * seen.height())),
        white_{width, rows_ + strip, {}},
        cover_(std::size_t(white_.width) * std::size_t(white_.height)) {
    white_.colors.assign(cover_.size(), {255, 255, 255});
  }
  int width() const { return white_.width; }
  int height() const { return white_.height; }

  /// Raises value_error for a shape at a place that is not finite. `left` begins at the left, `middle` in the middle.
  pixels drawn(shapes const& picture, std::string const& left = "", std::string const& middle = "") {
    pixels all = white_;
    for (auto const& s : picture) {
      if (!is_finite(s)) throw value_error("canvas: a shape is at a place that is not finite");
      if (!s.points.empty()) draw(s, all);
    }
    say(lettered(left), {12, rows_ + 23.}, 15, height());
    say(lettered(middle), {width() / 2., rows_ + 23.}, 15, height());
    ink_over(all, 0x333333);
    return all;
  }

 private:
  static int rows_of(double height) {
    detail::require(height >= 1 && height <= 65535 - strip, "canvas", "the picture's height", height,
                    "1 to 65499 pixels");
    return int(std::lround(height));
  }
  void draw(shape const& s, pixels& all) {
    std::vector<point> at;
    for (auto const& p : s.points) at.push_back({scale_ * (p.x - seen_.left), scale_ * (seen_.top - p.y)});
    double const size = scale_ * s.size;
    if (s.what == shape::kind::words) {
      auto const text = lettered(s.text);
      say(text, {at[0].x - text.width * of_capitals * size / 2, at[0].y}, size, rows_);
    } else if (s.what == shape::kind::area) {
      at.push_back(at[0]);
      cover(at, .5, rows_, [&](point p) {
        double edge = plane::distance(p, at[0], at[1]);
        for (std::size_t i = 2; i < at.size(); ++i) edge = std::min(edge, plane::distance(p, at[i - 1], at[i]));
        return plane::inside(p, at) ? edge : -edge;
      });
    } else {
      line(at, s.what == shape::kind::disc ? size : std::max(1.5, size) / 2, rows_);
    }
    ink_over(all, inks[std::size_t(s.color)].light);
  }
  void line(std::vector<point> const& at, double reach, int rows) {
    for (std::size_t i = 0; i == 0 || i + 1 < at.size(); ++i) {
      point const from = at[i], to = at[std::min(i + 1, at.size() - 1)];
      cover({from, to}, reach + .5, rows, [&](point p) { return reach - plane::distance(p, from, to); });
    }
  }
  void say(lettering const& text, point at, double size, int rows) {
    double const high = of_capitals * size;
    for (auto stroke : text.strokes) {
      for (auto& p : stroke) p = {at.x + high * p.x, at.y - high * p.y};
      line(stroke, std::max(1.2, .1 * size) / 2, rows);
    }
  }
  /// Of the shape that is drawn the pixels so near to the points' bounds; inside(middle) is how far it is inside.
  template <class F>
  void cover(std::vector<point> const& points, double near, int rows, F inside) {
    plane::for_squares(points, near, width(), rows, [&](int x, int y, point middle) {
      auto const i = std::size_t(y) * std::size_t(width()) + std::size_t(x);
      // In sixteenths, so that a picture has less colors than the 255 that a GIF shows exactly.
      auto const now = float(std::round(16 * std::clamp(inside(middle) + .5, 0., 1.)) / 16);
      if (now == 0) return;
      if (cover_[i] == 0) touched_.push_back(i);
      cover_[i] = std::max(cover_[i], now);
    });
  }
  void ink_over(pixels& all, std::uint32_t color) {
    for (auto const i : touched_) {
      auto& under = all.colors[i];
      for (std::size_t c = 0; c < 3; ++c) {
        auto const over = float(color >> (16 - 8 * c) & 255);
        under[c] = std::uint8_t(std::lround(float(under[c]) + cover_[i] * (over - float(under[c]))));
      }
      cover_[i] = 0;
    }
    touched_.clear();
  }

  static constexpr double of_capitals = .7;  ///< their height, where the text's is 1
  double scale_;
  window seen_;
  int rows_;
  pixels white_;
  std::vector<float> cover_;          ///< how much of a pixel the shape that is drawn covers
  std::vector<std::size_t> touched_;  ///< where it does
};

}  // namespace COHORT_NAMESPACE::picture
