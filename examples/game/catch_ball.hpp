#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cohort/environment/concept.hpp>
#include <cohort/random/stream.hpp>

namespace game {

/// A ball falls and bounces off the walls; a paddle at the bottom moves left (0), waits (1) or moves right (2). An
/// episode is one ball of 32 frames: 1 if it is caught, 0 if not. The field is 1 wide and 1 high.
struct catch_ball {
  struct state {
    float x, y, speed, paddle;
  };
  static constexpr cohort::discrete actions{3};
  static constexpr cohort::box<4> observations{{-1, 0, -1, -1}, {1, 1, 1, 1}};
  static constexpr int frames = 32;
  int max_episode_steps = frames;
  float reach = .02f;          ///< of the paddle, to either side
  float step_size = 1 / 24.f;  ///< of the paddle, a frame
  float fastest = 1 / 40.f;    ///< of the ball sideways, a frame

  state reset(cohort::random_stream& draws) const {
    return {float(draws.uniform(0, 1)), 0, float(draws.uniform(-fastest, fastest)),
            float(draws.uniform(reach, 1 - reach))};
  }
  cohort::outcome step(state& s, int action) const {
    s.paddle = std::clamp(s.paddle + float(action - 1) * step_size, reach, 1 - reach);
    s.x += s.speed;
    if (s.x < 0 || s.x > 1) s.x = s.x < 0 ? -s.x : 2 - s.x, s.speed = -s.speed;
    s.y += 1.f / frames;
    bool const down = s.y > 1 - .5f / frames;
    return {.reward = down && std::abs(s.x - s.paddle) <= reach ? 1. : 0., .terminated = down};
  }
  std::array<float, 4> observe(state const& s) const { return {2 * s.x - 1, s.y, s.speed / fastest, 2 * s.paddle - 1}; }
};
/// Learned twenty times as fast.
inline constexpr catch_ball with_wide_paddle{.reach = .1f};

}  // namespace game
