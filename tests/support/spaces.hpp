#pragma once
#include <algorithm>
#include <cohort/environment/concept.hpp>
#include <cstddef>
#include <stdexcept>

// Environments of one step after another, each with an answer of its own that is seen, for each kind of actions: 0 is
// the best reward.
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
    double first = double(a[0]) - 1.5 * double(s.x), second = double(a[1]) - double(1 + s.y) / 2;
    return next(s, -first * first - 4 * second * second, draws);
  }
};

/// A step that the mask forbids is not to be taken.
template <class Mask>
void require_allowed(Mask const& mask, int k) {
  if (!mask[std::size_t(k)]) throw std::logic_error("an action was taken that the mask forbids");
}

/// Four doors, worth 0 ... 3 or, where x is positive, 2, 3, 0, 1. Each is open in a part of the square; the reward is
/// what is missing to the best open one.
struct doors : point {
  static constexpr cohort::discrete actions{4};
  std::array<bool, 4> action_mask(state const& s) const { return {s.x<.3f, s.x> - .3f, s.y > 0, s.y < 0}; }
  cohort::outcome step(state& s, int a, cohort::random_stream& draws) const {
    auto open = action_mask(s);
    require_allowed(open, a);
    int turn = s.x > 0 ? 2 : 0, best = 0;
    for (int k = 0; k < 4; ++k) best = std::max(best, open[std::size_t(k)] ? (k + turn) % 4 : 0);
    return next(s, double((a + turn) % 4 - best), draws);
  }
};
struct masked_choices : choices {
  std::array<bool, 5> action_mask(state const& s) const { return {s.x<0, true, s.x> - .5f, s.y<.5f, s.y> - .5f}; }
  cohort::outcome step(state& s, std::array<int, 2> a, cohort::random_stream& draws) const {
    require_allowed(action_mask(s), a[0]), require_allowed(action_mask(s), 3 + a[1]);
    return choices::step(s, a, draws);
  }
};
struct masked_bits : bits {
  std::array<bool, 6> action_mask(state const& s) const {
    return {s.x <= 0, s.x > 0, true, true, s.y > -.5f, s.y < .5f};
  }
  cohort::outcome step(state& s, std::array<int, 3> a, cohort::random_stream& draws) const {
    for (int k = 0; k < 3; ++k) require_allowed(action_mask(s), 2 * k + a[std::size_t(k)]);
    return bits::step(s, a, draws);
  }
};
/// The mask in SIMD lanes: three actions beside a point that goes round in [-1, 1], of which the last is allowed on its
/// positive half and all but it on the other. The reward is 1 for an allowed action.
struct lane_doors {
  template <class S>
  struct state {
    S x;
  };
  static constexpr cohort::discrete actions{3};
  static constexpr cohort::box<1> observations{{-1}, {1}};
  int max_episode_steps = 10;
  template <class S>
  constexpr state<S> reset(cohort::random_stream& draws) const {
    return {S(draws.uniform(-1, 1))};
  }
  template <class S>
  constexpr std::array<S, 1> observe(state<S> const& s) const {
    return {s.x};
  }
  template <class S>
  constexpr std::array<cohort::mask_t<S>, 3> action_mask(state<S> const& s) const {
    return {s.x <= 0, s.x <= 0, s.x > 0};
  }
  template <class S>
  constexpr cohort::outcome_of<S> step(state<S>& s, S a) const {
    S reward = select(s.x > 0, select(a == 2, S(1), S(0)), select(a < 2, S(1), S(0)));
    s.x += .7 - .01 * a;
    s.x -= select(s.x > 1, S(2), S(0));
    return {reward, s.x < -2};
  }
};

}  // namespace spaces
