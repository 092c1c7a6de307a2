#pragma once
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE::classic_control {

/// MountainCarContinuous-v0: mountain_car with a force in [-1, 1] as its action,
///
///     v += power clamp(a, -1, 1) - 0.0025 cos(3 x),    x += v.
///
/// A step costs 0.1 a^2, a as it was given; at the goal there is a reward of 100, 999 steps at the most.
///
/// Every operation in Gymnasium 1.4.0's order and precision, so that in double, without contraction, its episodes come
/// out bit for bit. There the action is a float32, and the state one from the first step on (a state at rest away from
/// the wall, or of numbers that are not floats, is taken for an episode's first); an operation with a float32 is done
/// in single precision, but the force's where it was clipped, since the bound is a double.
struct continuous_mountain_car {
  double power = .0015, gravity = .0025, max_speed = .07;
  double min_position = -1.2, max_position = .6;
  double goal_position = .45, goal_velocity = 0;
  int max_episode_steps = 999;

  static constexpr box<1> actions{{-1}, {1}};
  static constexpr box<2> observations{{-1.2, -.07}, {.6, .07}};
  static constexpr std::array observation_names{"position", "velocity"};
  static constexpr std::array observation_units{"m", "m/step"};
  static constexpr std::array action_names{"force"};
  static constexpr std::array action_units{""};

  template <class S>
  struct state {
    S position, velocity;
  };

  constexpr void parameters(auto f) const {
    f("power", power), f("gravity", gravity), f("max_speed", max_speed), f("min_position", min_position),
        f("max_position", max_position), f("goal_position", goal_position), f("goal_velocity", goal_velocity);
  }
  void check() const {
    detail::require_parameters("continuous_mountain_car", *this,
                               {"power", "gravity", "min_position", "max_position", "goal_position", "goal_velocity"});
    detail::require_above("continuous_mountain_car", min_position, {{"max_position", max_position}});
  }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    return {S(draws.uniform(-.6, -.4)), S(0)};
  }

  template <class S>
  constexpr outcome_of<S> step(state<S>& s, std::array<S, 1> const& action) const {
    mask_t<S> first = (round_to_float(s.position) != s.position) | (round_to_float(s.velocity) != s.velocity) |
                      ((s.velocity == 0) & (s.position > min_position));
    auto as_state = [&](S x) { return select(first, x, round_to_float(x)); };
    S given = round_to_float(action[0]), slope = gravity * cos(as_state(3 * s.position));
    S inside = round_to_float(round_to_float(given * round_to_float(S(power))) - round_to_float(slope));
    S push = select(abs(given) > 1, select(given > 0, S(power), S(-power)) - slope, inside);

    S fastest = as_state(S(max_speed)), left = as_state(S(min_position)), right = as_state(S(max_position));
    S velocity = clamp(as_state(s.velocity + as_state(push)), -fastest, fastest);
    S position = clamp(as_state(s.position + velocity), left, right);
    velocity = select((position == left) & (velocity < 0), S(0), velocity);
    mask_t<S> arrived = (position >= as_state(S(goal_position))) & (velocity >= as_state(S(goal_velocity)));
    s.position = round_to_float(position);
    s.velocity = round_to_float(velocity);
    return {select(arrived, S(100), S(0)) - given * given * .1, arrived};
  }

  template <class S>
  constexpr std::array<S, 2> observe(state<S> const& s) const {
    return {s.position, s.velocity};
  }
};

}  // namespace COHORT_NAMESPACE::classic_control
