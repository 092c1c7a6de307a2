#pragma once
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE::classic_control {

/// MountainCar-v0: an engine too weak for the hill brings a car up there by swinging in the valley,
///
///     v += force (a - 1) - gravity cos(3 x),    x += v,
///
/// v within max_speed, x between the walls, of which the left one stops the car. A reward of -1 a step until the car is
/// at the goal with goal_velocity or more, 200 steps at the most.
///
/// Every operation in Gymnasium 1.4.0's order, so that in double, without contraction, its episodes come out bit for
/// bit. Source: Moore 1990, "Efficient memory-based learning for robot control".
struct mountain_car {
  double force = .001, gravity = .0025, max_speed = .07;
  double min_position = -1.2, max_position = .6;
  double goal_position = .5, goal_velocity = 0;
  int max_episode_steps = 200;

  static constexpr discrete actions{3};
  static constexpr box<2> observations{{-1.2, -.07}, {.6, .07}};
  static constexpr std::array observation_names{"position", "velocity"};
  static constexpr std::array observation_units{"m", "m/step"};
  static constexpr std::array action_names{"left", "idle", "right"};

  template <class S>
  struct state {
    S position, velocity;
  };

  constexpr void parameters(auto f) const {
    f("force", force), f("gravity", gravity), f("max_speed", max_speed), f("min_position", min_position),
        f("max_position", max_position), f("goal_position", goal_position), f("goal_velocity", goal_velocity);
  }
  void check() const {
    detail::require_parameters("mountain_car", *this,
                               {"force", "gravity", "min_position", "max_position", "goal_position", "goal_velocity"});
    detail::require_above("mountain_car", min_position, {{"max_position", max_position}});
  }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    return {S(draws.uniform(-.6, -.4)), S(0)};
  }

  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    S velocity = s.velocity + ((action - 1) * force + cos(3 * s.position) * -gravity);
    velocity = clamp(velocity, S(-max_speed), S(max_speed));
    s.position = clamp(s.position + velocity, S(min_position), S(max_position));
    s.velocity = select((s.position == min_position) & (velocity < 0), S(0), velocity);
    return {S(-1), (s.position >= goal_position) & (s.velocity >= goal_velocity)};
  }

  template <class S>
  constexpr std::array<S, 2> observe(state<S> const& s) const {
    return {s.position, s.velocity};
  }
};

}  // namespace COHORT_NAMESPACE::classic_control
