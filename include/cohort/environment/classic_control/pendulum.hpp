#pragma once
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <numbers>

namespace COHORT_NAMESPACE::classic_control {

/// Pendulum-v1: swing a pendulum up and hold it there by a torque of at most 2. The reward is -(angle^2 + 0.1 speed^2 +
/// 0.001 torque^2), with the angle from upright in [-pi, pi); it never terminates, 200 steps at the most.
///
/// Every operation in Gymnasium 1.4.0's order and precision: there the torque is a float32, and so is what is computed
/// from it alone; its squares are powers, whose last digit is not always that of the product.
struct pendulum {
  double gravity = 10, mass = 1, length = 1, time_step = .05;
  double max_speed = 8, max_torque = 2;
  int max_episode_steps = 200;

  static constexpr box<1> actions{{-2}, {2}};
  static constexpr box<3> observations{{-1, -1, -8}, {1, 1, 8}};
  static constexpr std::array observation_names{"cosine", "sine", "angular_velocity"};
  static constexpr std::array observation_units{"", "", "rad/s"};
  static constexpr std::array action_names{"torque"};
  static constexpr std::array action_units{"N m"};

  template <class S>
  struct state {
    S angle, speed;
  };

  constexpr void parameters(auto f) const {
    f("gravity", gravity), f("mass", mass), f("length", length), f("time_step", time_step), f("max_speed", max_speed),
        f("max_torque", max_torque);
  }
  void check() const { detail::require_parameters("pendulum", *this, {"gravity"}); }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    S angle = draws.uniform(-std::numbers::pi, std::numbers::pi), speed = draws.uniform(-1, 1);
    return {angle, speed};
  }

  template <class S>
  constexpr outcome_of<S> step(state<S>& s, std::array<S, 1> const& action) const {
    S torque = clamp(round_to_float(action[0]), S(-max_torque), S(max_torque));
    S from_upright = modulo(s.angle + std::numbers::pi, 2 * std::numbers::pi) - std::numbers::pi;
    S effort = round_to_float(round_to_float(S(.001)) * numpy_square_in_float(torque));
    S cost = numpy_square(from_upright) + .1 * numpy_square(s.speed) + effort;
    S push = round_to_float(S(3 / (mass * (length * length))) * torque);
    S speed = s.speed + (3 * gravity / (2 * length) * sin(s.angle) + push) * time_step;
    s.speed = clamp(speed, S(-max_speed), S(max_speed));
    s.angle = s.angle + s.speed * time_step;
    return {-cost, S(0) > S(0)};
  }

  template <class S>
  constexpr std::array<S, 3> observe(state<S> const& s) const {
    return {cos(s.angle), sin(s.angle), s.speed};
  }
};

}  // namespace COHORT_NAMESPACE::classic_control
