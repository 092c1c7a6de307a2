#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/environment/concept.hpp>

// Environments of one step after another, each with an answer of its own that is seen, for each kind of actions: 0 is the best reward.
namespace spaces {

/// A point of the square [-1, 1]^2, seen as it is.
struct point {
  struct state {
    float x, y;
  };
  static constexpr cohort::box<2> observations{{-1, -1}, {1, 1}};
  int max_episode_steps = 16;
  state reset(cohort::random_stream& draws) const { return {float(draws.uniform(-1, 1)), float(draws.uniform(-1, 1))}; }
  std::array<float, 2> observe(state const& s) const { return {s.x, s.y}; }
  cohort::outcome next(state& s, double reward, cohort::random_stream& draws) const {
    s = reset(draws);
    return {reward, false};
  }
};

/// Which third x is in, and whether y is positive.
struct choices : point {
  static constexpr cohort::multi_discrete actions{3, 2};
  cohort::outcome step(state& s, std::array<int, 2> a, cohort::random_stream& draws) const {
    int third = s.x < -1.f / 3 ? 0 : s.x < 1.f / 3 ? 1 : 2;
    return next(s, -double(a[0] != third) - double(a[1] != (s.y > 0)), draws);
  }
};

/// Whether x, y and x - y are positive.
struct bits : point {
  static constexpr cohort::binary<3> actions{};
  cohort::outcome step(state& s, std::array<int, 3> a, cohort::random_stream& draws) const {
    return next(s, -double(a[0] != (s.x > 0)) - double(a[1] != (s.y > 0)) - double(a[2] != (s.x > s.y)), draws);
  }
};

/// Two numbers, the best 1.5 x and (1 + y) / 2.
struct numbers : point {
  static constexpr cohort::box<2> actions{{-2, 0}, {2, 1}};
  cohort::outcome step(state& s, std::array<float, 2> a, cohort::random_stream& draws) const {
    double first = a[0] - 1.5 * s.x, second = a[1] - (1 + s.y) / 2;
    return next(s, -first * first - 4 * second * second, draws);
  }
};

}  // namespace spaces
