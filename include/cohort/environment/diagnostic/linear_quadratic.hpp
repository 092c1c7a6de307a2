#pragma once
#include <array>
#include <cmath>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE::diagnostic {

/// A linear-quadratic regulator with its optimum: whether what is learned is right, not only whether anything is.
///
/// A mass on a line, pushed by a force u with noise w uniform in +-noise, which costs its distance and the force,
///
///     x += h v,    v += h (u + w),    reward = -(position_cost x^2 + speed_cost v^2 + force_cost u^2)
///
/// where the reward is of the state before the step and h = time_step. An episode begins with x and v uniform in
/// [-1, 1]; it never ends by itself.
struct linear_quadratic {
  double time_step = .1;
  double position_cost = 1, speed_cost = .1, force_cost = .1;
  double noise = 0;
  int max_episode_steps = 100;

  static constexpr box<1> actions{{-10}, {10}};  ///< beyond what the optimum asks of its starts
  static constexpr box<2> observations{
      {-std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()},
      {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}};
  static constexpr std::array observation_names{"position", "speed"};
  static constexpr std::array action_names{"force"};

  template <class S>
  struct state {
    S position, speed;
  };

  constexpr void parameters(auto f) const {
    f("time_step", time_step), f("position_cost", position_cost), f("speed_cost", speed_cost),
        f("force_cost", force_cost), f("noise", noise);
  }
  void check() const {
    detail::require_above("linear_quadratic", 0, {{"time_step", time_step}, {"force_cost", force_cost}});
    for (auto [name, given] : {std::pair{"position_cost", position_cost}, {"speed_cost", speed_cost}, {"noise", noise}})
      detail::require(given >= 0 && given <= std::numeric_limits<double>::max(), "linear_quadratic", name, given,
                      "a finite number >= 0");
  }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    S position = draws.uniform(-1, 1), speed = draws.uniform(-1, 1);
    return {position, speed};
  }
  constexpr bool draws_in_step() const { return noise > 0; }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, std::array<S, 1> const& force, random_stream& draws) const {
    return moved(s, force[0], S(draws.uniform(-noise, noise)));
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, std::array<S, 1> const& force) const {
    return moved(s, force[0], S(0));
  }
  template <class S>
  constexpr std::array<S, 2> observe(state<S> const& s) const {
    return {s.position, s.speed};
  }

  /// The best policy of all, u = -gain . (x, v), and what it returns from a state: -(x, v) P (x, v)' - constant.
  struct optimum {
    std::array<double, 2> gain{};
    double position = 0, mixed = 0, speed = 0, constant = 0;  ///< P = (position, mixed; mixed, speed)

    double force(double x, double v) const { return -(gain[0] * x + gain[1] * v); }
    double value(double x, double v) const {
      return -(position * x * x + 2 * mixed * x * v + speed * v * v) - constant;
    }
  };
  /// Of the return discounted by gamma, without a limit of steps; or of the sum of the rewards (gamma = 1) of so many
  /// steps, where the gain is that of the first. By the recursion of Riccati
  ///
  ///     P = Q + gamma A' P A - K' (R + gamma B' P B) K,    K = (R + gamma B' P B)^-1 gamma B' P A,
  ///
  /// from P = 0. Raises value_error unless 0 <= gamma < 1, or gamma = 1 with a number of steps.
  optimum solve(double gamma, int steps = 0) const {
    check();
    detail::require(gamma >= 0 && gamma <= 1 && (gamma < 1 || steps > 0), "linear_quadratic", "gamma", gamma,
                    steps > 0 ? "a number in [0, 1]" : "a number in [0, 1), or 1 with a number of steps");
    double h = time_step, variance = noise * noise / 3;
    optimum p{};
    for (int k = 0; steps > 0 ? k < steps : k < 1'000'000; ++k) {
      optimum const before = p;
      double across = h * before.position + before.mixed, along = h * before.mixed + before.speed;  // A' P, its 2nd row
      double scale = force_cost + gamma * h * h * before.speed;
      p.gain = {gamma * h * before.mixed / scale, gamma * h * along / scale};
      p.position = position_cost + gamma * before.position - scale * p.gain[0] * p.gain[0];
      p.mixed = gamma * across - scale * p.gain[0] * p.gain[1];
      p.speed = speed_cost + gamma * (h * across + along) - scale * p.gain[1] * p.gain[1];
      p.constant = gamma * (before.constant + h * h * variance * before.speed);
      double change = std::abs(p.position - before.position) + std::abs(p.speed - before.speed) +
                      std::abs(p.constant - before.constant);
      if (steps <= 0 && change <= 1e-15 * (p.position + p.speed + p.constant)) break;
    }
    return p;
  }

 private:
  template <class S>
  constexpr outcome_of<S> moved(state<S>& s, S force, S disturbance) const {
    S cost =
        position_cost * (s.position * s.position) + speed_cost * (s.speed * s.speed) + force_cost * (force * force);
    s.position = s.position + time_step * s.speed;
    s.speed = s.speed + time_step * (force + disturbance);
    return {-cost, S(0) > S(0)};
  }
};

}  // namespace COHORT_NAMESPACE::diagnostic
