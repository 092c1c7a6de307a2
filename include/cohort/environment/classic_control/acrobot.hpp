#pragma once
#include <array>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <numbers>

namespace COHORT_NAMESPACE::classic_control {

/// Which of the two published equations moves the second link: that of Sutton and Barto's book, or that of the paper of
/// 1996, which leaves out the term of the first link's speed.
enum class acrobot_dynamics { book, nips };

/// Acrobot-v1: two links hang from a fixed joint; a torque of -1, 0 or 1 on the joint between them swings the tip above
/// a line one link's length above the fixed one. A reward of -1 a step, 0 for the step that gets there, 500 steps at
/// the most.
///
/// SI units, angles from hanging straight down, the second link's relative to the first. One step of the classic
/// Runge-Kutta method; every operation in Gymnasium 1.4.0's order, so that in double, without contraction, its episodes
/// come out bit for bit. There the first state is in float32, and so are numpy's sines that show it.
///
/// Source: Sutton 1996, "Generalization in reinforcement learning: successful examples using sparse coarse coding".
struct acrobot {
  double length_1 = 1, mass_1 = 1, mass_2 = 1;  ///< of the links
  double center_1 = .5, center_2 = .5;          ///< of mass, from the link's upper joint
  double moment = 1;                            ///< of inertia, of each link
  double gravity = 9.8, time_step = .2;
  double max_speed_1 = 4 * std::numbers::pi, max_speed_2 = 9 * std::numbers::pi;
  std::array<double, 3> torques{-1, 0, 1};  ///< of the actions
  double torque_noise = 0;                  ///< added to the torque, uniform in +-torque_noise
  acrobot_dynamics dynamics = acrobot_dynamics::book;
  int max_episode_steps = 500;

  static constexpr discrete actions{3};
  static constexpr box<6> observations{{-1, -1, -1, -1, -4 * std::numbers::pi, -9 * std::numbers::pi},
                                       {1, 1, 1, 1, 4 * std::numbers::pi, 9 * std::numbers::pi}};
  static constexpr std::array observation_names{"cosine_1", "sine_1", "cosine_2", "sine_2", "velocity_1", "velocity_2"};
  static constexpr std::array observation_units{"", "", "", "", "rad/s", "rad/s"};
  static constexpr std::array action_names{"negative_torque", "no_torque", "positive_torque"};

  template <class S>
  struct state {
    S angle_1, angle_2, velocity_1, velocity_2;
  };

  constexpr void parameters(auto f) const {
    f("length_1", length_1), f("mass_1", mass_1), f("mass_2", mass_2), f("center_1", center_1), f("center_2", center_2),
        f("moment", moment), f("gravity", gravity), f("time_step", time_step), f("max_speed_1", max_speed_1),
        f("max_speed_2", max_speed_2), f("torque_noise", torque_noise), f("dynamics", dynamics);
  }
  void check() const {
    detail::require_parameters("acrobot", *this, {"center_1", "center_2", "gravity", "torque_noise"});
    for (double torque : torques) detail::require_finite("acrobot", {{"one of torques", torque}});
    detail::require(torque_noise >= 0, "acrobot", "torque_noise", torque_noise, "at least 0");
  }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    auto draw = [&] { return round_to_float(S(draws.uniform(-.1, .1))); };
    S angle_1 = draw(), angle_2 = draw(), velocity_1 = draw(), velocity_2 = draw();
    return {angle_1, angle_2, velocity_1, velocity_2};
  }

  /// Whether a step draws random numbers: without noise it goes in SIMD lanes.
  constexpr bool draws_in_step() const { return torque_noise > 0; }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action, random_stream& draws) const {
    return moved(s, torque_of(action) + draws.uniform(-torque_noise, torque_noise));
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    return moved(s, torque_of(action));
  }

  template <class S>
  constexpr std::array<S, 6> observe(state<S> const& s) const {
    S cosine_1 = cos(s.angle_1), sine_1 = sin(s.angle_1), cosine_2 = cos(s.angle_2), sine_2 = sin(s.angle_2);
    if constexpr (sizeof(typename S::value_type) == 8) {
      mask_t<S> first = is_float(s.angle_1) & is_float(s.angle_2) & is_float(s.velocity_1) & is_float(s.velocity_2);
      mask_t<S> small_1 = first & (abs(s.angle_1) < std::numbers::pi / 4);
      mask_t<S> small_2 = first & (abs(s.angle_2) < std::numbers::pi / 4);
      cosine_1 = select(small_1, cosine_in_float(s.angle_1), cosine_1);
      sine_1 = select(small_1, sine_in_float(s.angle_1), sine_1);
      cosine_2 = select(small_2, cosine_in_float(s.angle_2), cosine_2);
      sine_2 = select(small_2, sine_in_float(s.angle_2), sine_2);
    }
    return {cosine_1, sine_1, cosine_2, sine_2, s.velocity_1, s.velocity_2};
  }

 private:
  template <class S>
  constexpr S torque_of(S action) const {
    return select(action == 0, S(torques[0]), select(action == 1, S(torques[1]), S(torques[2])));
  }

  template <class S>
  constexpr outcome_of<S> moved(state<S>& s, S torque) const {
    double half = time_step / 2, sixth = time_step / 6;
    auto from = [&](double time, state<S> const& slope) {
      return state<S>{s.angle_1 + time * slope.angle_1, s.angle_2 + time * slope.angle_2,
                      s.velocity_1 + time * slope.velocity_1, s.velocity_2 + time * slope.velocity_2};
    };
    state<S> k1 = derivative(s, torque), k2 = derivative(from(half, k1), torque),
             k3 = derivative(from(half, k2), torque), k4 = derivative(from(time_step, k3), torque);
    auto mean = [](S a, S b, S c, S d) { return a + 2 * b + 2 * c + d; };
    s = from(sixth, {mean(k1.angle_1, k2.angle_1, k3.angle_1, k4.angle_1),
                     mean(k1.angle_2, k2.angle_2, k3.angle_2, k4.angle_2),
                     mean(k1.velocity_1, k2.velocity_1, k3.velocity_1, k4.velocity_1),
                     mean(k1.velocity_2, k2.velocity_2, k3.velocity_2, k4.velocity_2)});
    s.angle_1 = wrapped(s.angle_1), s.angle_2 = wrapped(s.angle_2);
    s.velocity_1 = clamp(s.velocity_1, S(-max_speed_1), S(max_speed_1));
    s.velocity_2 = clamp(s.velocity_2, S(-max_speed_2), S(max_speed_2));
    mask_t<S> up = -cos(s.angle_1) - cos(s.angle_2 + s.angle_1) > 1;
    return {select(up, S(0), S(-1)), up};
  }

  template <class S>
  constexpr state<S> derivative(state<S> const& s, S torque) const {
    double lever = mass_2 * length_1 * center_2, square = center_2 * center_2;
    double hang = (mass_1 * center_1 + mass_2 * length_1) * gravity;
    S cosine = cos(s.angle_2), sine = sin(s.angle_2);
    auto [sine_1, sine_both] = sines(s, cosine, sine);
    S d1 = mass_1 * (center_1 * center_1) + mass_2 * (length_1 * length_1 + square + 2 * length_1 * center_2 * cosine) +
           moment + moment;
    S d2 = mass_2 * (square + length_1 * center_2 * cosine) + moment;
    S phi2 = mass_2 * center_2 * gravity * sine_both;
    S phi1 = -lever * numpy_square(s.velocity_2) * sine - 2 * lever * s.velocity_2 * s.velocity_1 * sine +
             hang * sine_1 + phi2;
    S push = torque + d2 / d1 * phi1;
    if (dynamics == acrobot_dynamics::book) push = push - lever * numpy_square(s.velocity_1) * sine;
    S acceleration_2 = (push - phi2) / (mass_2 * square + moment - numpy_square(d2) / d1);
    return {s.velocity_1, s.velocity_2, -(d2 * acceleration_2 + phi1) / d1, acceleration_2};
  }

  /// The sines of the first angle and of both together, which Gymnasium writes as cosines of a quarter less. In float
  /// the second comes from those of either, which cost less.
  template <class S>
  static constexpr std::array<S, 2> sines(state<S> const& s, S cosine_2, S sine_2) {
    constexpr double quarter = std::numbers::pi / 2;
    if constexpr (sizeof(typename S::value_type) == 8) {
      return {cos(s.angle_1 - quarter), cos(s.angle_1 + s.angle_2 - quarter)};
    } else {
      S sine_1 = sin(s.angle_1);
      return {sine_1, sine_1 * cosine_2 + cos(s.angle_1) * sine_2};
    }
  }

  /// Gymnasium takes 2 pi away, and rounds, as often as an angle is beyond pi; so does this, without a branch, up to
  /// eight times. (Within the limits of speed one step turns a link at most five times beyond.) In float once for all.
  template <class S>
  static constexpr S wrapped(S angle) {
    constexpr double pi = std::numbers::pi;
    S beyond = abs(angle);
    if constexpr (sizeof(typename S::value_type) == 8)
      for (int turn = 0; turn < 8; ++turn) beyond = select(beyond > pi, beyond - 2 * pi, beyond);
    beyond = select(beyond > pi, modulo(beyond + pi, 2 * pi) - pi, beyond);
    return select(abs(angle) > pi, select(angle < 0, -beyond, beyond), angle);
  }

  template <class S>
  static constexpr mask_t<S> is_float(S x) {
    return round_to_float(x) == x;
  }
  /// numpy's sine and cosine of a float32 below pi / 4: polynomials in fused multiply-adds, which are not always the
  /// float next to the true value.
  template <class S>
  static constexpr S cosine_in_float(S x) {
    S square = round_to_float(x * x), sum = 0x1.98e616p-16;
    for (double next : {-0x1.6c06dcp-10, 0x1.55553cp-5, -.5, 1.}) sum = round_to_float(sum * square + next);
    return sum;
  }
  template <class S>
  static constexpr S sine_in_float(S x) {
    S square = round_to_float(x * x), sum = 0x1.7d3bbcp-19;
    for (double next : {-0x1.a06bbap-13, 0x1.11119ap-7, -0x1.555556p-3, 0.}) sum = round_to_float(sum * square + next);
    return round_to_float(sum * x + x);
  }
};

}  // namespace COHORT_NAMESPACE::classic_control
