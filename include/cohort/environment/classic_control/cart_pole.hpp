#pragma once
#include <array>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <limits>
#include <numbers>

namespace COHORT_NAMESPACE::classic_control {

/// CartPole-v1: push a cart left (0) or right (1) so that the pole on it stays up; a reward of 1 a step until the pole
/// leans by more than 12 degrees or the cart is 2.4 units away, 500 steps at the most. With sutton_barto_reward it is
/// 0, and -1 for the last step.
///
/// SI units. Explicit Euler; every operation in Gymnasium 1.4.0's order, so that in double, without contraction, its
/// episodes come out bit for bit. Source: Barto, Sutton and Anderson 1983, as corrected in Florian 2007.
struct cart_pole {
  double gravity = 9.8, cart_mass = 1, pole_mass = .1;
  double half_length = .5;  ///< of the pole
  double force = 10, time_step = .02;
  double position_limit = 2.4, angle_limit = 12 * 2 * std::numbers::pi / 360;
  bool sutton_barto_reward = false;
  int max_episode_steps = 500;

  static constexpr discrete actions{2};
  static constexpr box<4> observations{{-4.8, -std::numeric_limits<double>::infinity(),
                                        -24 * 2 * std::numbers::pi / 360, -std::numeric_limits<double>::infinity()},
                                       {4.8, std::numeric_limits<double>::infinity(), 24 * 2 * std::numbers::pi / 360,
                                        std::numeric_limits<double>::infinity()}};

  static constexpr std::array observation_names{"position", "velocity", "angle", "angular_velocity"};
  static constexpr std::array observation_units{"m", "m/s", "rad", "rad/s"};
  static constexpr std::array action_names{"left", "right"};

  template <class S>
  struct state {
    S position, velocity, angle, angular_velocity;
  };

  constexpr void parameters(auto f) const {
    f("gravity", gravity), f("cart_mass", cart_mass), f("pole_mass", pole_mass), f("half_length", half_length),
        f("force", force), f("time_step", time_step), f("position_limit", position_limit),
        f("angle_limit", angle_limit), f("sutton_barto_reward", sutton_barto_reward);
  }
  void check() const { detail::require_parameters("cart_pole", *this, {"gravity", "force"}); }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    S position = draws.uniform(-.05, .05), velocity = draws.uniform(-.05, .05);
    S angle = draws.uniform(-.05, .05), angular_velocity = draws.uniform(-.05, .05);
    return {position, velocity, angle, angular_velocity};
  }

  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    double total_mass = pole_mass + cart_mass, pole_moment = pole_mass * half_length;
    S push = select(action == S(1), S(force), S(-force));
    S cosine = cos(s.angle), sine = sin(s.angle);
    S thrust = (push + pole_moment * (s.angular_velocity * s.angular_velocity) * sine) / total_mass;
    S angular_acceleration =
        (gravity * sine - cosine * thrust) / (half_length * (4. / 3. - pole_mass * (cosine * cosine) / total_mass));
    S acceleration = thrust - pole_moment * angular_acceleration * cosine / total_mass;
    s.position = s.position + time_step * s.velocity;
    s.velocity = s.velocity + time_step * acceleration;
    s.angle = s.angle + time_step * s.angular_velocity;
    s.angular_velocity = s.angular_velocity + time_step * angular_acceleration;
    mask_t<S> fallen = (s.position < -position_limit) | (s.position > position_limit) | (s.angle < -angle_limit) |
                       (s.angle > angle_limit);
    return {sutton_barto_reward ? select(fallen, S(-1), S(0)) : S(1), fallen};
  }

  template <class S>
  constexpr std::array<S, 4> observe(state<S> const& s) const {
    return {s.position, s.velocity, s.angle, s.angular_velocity};
  }
};

}  // namespace COHORT_NAMESPACE::classic_control
