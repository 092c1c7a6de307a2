#pragma once
#include <cohort/compiler.hpp>
#include <string>
#include <utility>
#include <vector>

/// Pictures of environments' states: a short list of shapes in the environment's own coordinates, y upward. svg.hpp and
/// terminal.hpp are two writers of them.
namespace COHORT_NAMESPACE::picture {

struct point {
  double x = 0, y = 0;
};

/// What a shape is in the picture; its color is the writer's.
enum class ink { scenery, body, limb, joint, goal, hazard };

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
  std::string title;
  window seen{};
  double rate = 30;
  std::vector<shapes> pictures{};
  std::vector<std::string> captions{};
};

}  // namespace COHORT_NAMESPACE::picture
