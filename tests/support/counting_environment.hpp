#pragma once
#include <cohort/cohort.hpp>

namespace support {

/// Counts its steps: observes the count and the episode's start, which the reset draws; rewards 1; terminates after
/// `life` steps if that is positive.
struct counting {
  struct state {
    int count;
    float start;
  };
  static constexpr cohort::discrete actions{3};
  static constexpr cohort::box<2> observations{{0, 0}, {1000, 1}};
  int max_episode_steps = 10;
  int life = 0;

  state reset(cohort::random_stream& draws) const { return {0, float(draws.uniform())}; }
  cohort::outcome step(state& s, int) const {
    ++s.count;
    return {.reward = 1, .terminated = life > 0 && s.count >= life};
  }
  std::array<float, 2> observe(state const& s) const { return {float(s.count), s.start}; }
};

}  // namespace support
