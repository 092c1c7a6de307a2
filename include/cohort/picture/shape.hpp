#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cohort/compiler.hpp>
#include <cstdint>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

/// Pictures of environments' states: a short list of shapes in the environment's own coordinates, y upward. svg.hpp,
/// gif.hpp and terminal.hpp are writers of them.
namespace COHORT_NAMESPACE::picture {

struct point {
  double x = 0, y = 0;
};

/// What a shape is in the picture; its color is the writer's.
enum class ink { scenery, body, limb, joint, goal, hazard };
struct ink_color {
  char const* name;
  std::uint32_t light, dark;  ///< 0xrrggbb on a page that is white, and on a dark one
};
inline constexpr std::array<ink_color, 6> inks{{{"scenery", 0x444444, 0xbbbbbb},
                                                {"body", 0x0b7285, 0x3bc9db},
                                                {"limb", 0xb5762f, 0xe0a96d},
                                                {"joint", 0x5f3dc4, 0xb197fc},
                                                {"goal", 0x2b8a3e, 0x69db7c},
                                                {"hazard", 0x8ba3b8, 0x5c7286}}};

struct shape {
  enum class kind { line, area, disc, words };
  kind what = kind::line;
  ink color = ink::body;
  std::vector<point> points{};  ///< of a disc its center, of words the middle of their base line
  double size = 0;              ///< a line's width (0: a hairline), a disc's radius, the height of words
  std::string text{};
};
using shapes = std::vector<shape>;

inline shape line(ink color, double width, std::vector<point> points) {
  return {shape::kind::line, color, std::move(points), width};
}
inline shape area(ink color, std::vector<point> corners) { return {shape::kind::area, color, std::move(corners)}; }
inline shape disc(ink color, point center, double radius) { return {shape::kind::disc, color, {center}, radius}; }
inline shape words(ink color, point at, double height, std::string text) {
  return {shape::kind::words, color, {at}, height, std::move(text)};
}

inline bool is_finite(shape const& s) {
  return std::isfinite(s.size) &&
         std::ranges::all_of(s.points, [](point p) { return std::isfinite(p.x) && std::isfinite(p.y); });
}

/// What of the plane is seen.
struct window {
  double left = -1, right = 1, bottom = -1, top = 1;
  double width() const { return right - left; }
  double height() const { return top - bottom; }
};

/// Where an episode is after a step, or at its beginning: step 0, without an action.
struct moment {
  std::vector<double> observation{}, action{};  ///< the action led here
  double total = 0;                             ///< the rewards of the episode until here
  int episode = 1, step = 0;
};

/// Pictures that follow each other, so many a second, each with its caption.
struct film {
  std::string title{};
  window seen{};
  double rate = 30;
  std::vector<shapes> pictures{};
  std::vector<std::string> captions{};
};

}  // namespace COHORT_NAMESPACE::picture
