// Built with -ffp-contract=off: a fused multiply-add changes the last bit, and CartPole is chaotic. sin, cos and pow
// must be those of the recording: glibc's on a processor with fused multiply-add (without one its pow differs in the
// last bit of a few of Pendulum's rewards).
#include <algorithm>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cstddef>
#include <tuple>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"

using scalar = cohort::real<double>;

namespace {

template <class State>
State from(auto const& recorded) {
  return std::apply([](auto... x) { return State{scalar(x)...}; }, recorded);
}

template <std::size_t N>
std::array<float, N> as_float(std::array<scalar, N> const& observation) {
  std::array<float, N> result;
  for (std::size_t i = 0; i < N; ++i) result[i] = float(observation[i].value);
  return result;
}

}  // namespace

TEST_CASE("cart_pole: whole episodes of Gymnasium come out bit for bit from their first state and actions",
          "[golden]") {
  cohort::classic_control::cart_pole environment;
  using state = decltype(environment)::state<scalar>;
  for (auto const& episode : gymnasium::cart_pole()) {
    auto s = from<state>(episode.state);
    CAPTURE(episode.name);
    REQUIRE(as_float(environment.observe(s)) == episode.observation);
    int step = 0;
    for (auto const& recorded : episode.steps) {
      ++step;
      CAPTURE(step);
      auto [reward, terminated] = environment.step(s, scalar(recorded.action));
      REQUIRE(std::array{s.position.value, s.velocity.value, s.angle.value, s.angular_velocity.value} ==
              recorded.state);
      REQUIRE(as_float(environment.observe(s)) == recorded.observation);
      REQUIRE(reward.value == recorded.reward);
      REQUIRE(terminated.value == recorded.terminated);
    }
    CHECK((episode.steps.back().terminated || step == environment.max_episode_steps));
  }
}

TEST_CASE("pendulum: whole episodes of Gymnasium come out bit for bit from their first state and torques", "[golden]") {
  cohort::classic_control::pendulum environment;
  using state = decltype(environment)::state<scalar>;
  for (auto const& episode : gymnasium::pendulum()) {
    auto s = from<state>(episode.state);
    CAPTURE(episode.name);
    REQUIRE(as_float(environment.observe(s)) == episode.observation);
    int step = 0;
    for (auto const& recorded : episode.steps) {
      ++step;
      CAPTURE(step);
      auto [reward, terminated] = environment.step(s, {scalar(recorded.action)});
      REQUIRE(std::array{s.angle.value, s.speed.value} == recorded.state);
      REQUIRE(as_float(environment.observe(s)) == recorded.observation);
      REQUIRE(reward.value == recorded.reward);
      REQUIRE(terminated.value == recorded.terminated);
    }
    CHECK(step == environment.max_episode_steps);
  }
}

TEST_CASE(
    "the recordings contain what the tests above are for: both ends of the track, both falls, clipped torques and "
    "speeds, angles far beyond pi") {
  bool left = false, right = false, fell_left = false, fell_right = false, full = false;
  for (auto const& episode : gymnasium::cart_pole()) {
    auto [position, velocity, angle, angular_velocity] = episode.steps.back().state;
    left |= position < -2.4, right |= position > 2.4, fell_left |= angle < -.2, fell_right |= angle > .2,
        full |= episode.steps.size() == 500;
  }
  CHECK((left && right && fell_left && fell_right && full));
  double lowest = 0, highest = 0, strongest = 0, fastest = 0;
  for (auto const& episode : gymnasium::pendulum())
    for (auto const& step : episode.steps) {
      lowest = std::min(lowest, step.state[0]), highest = std::max(highest, step.state[0]);
      strongest = std::max(strongest, std::abs(step.action)), fastest = std::max(fastest, std::abs(step.state[1]));
    }
  CHECK((lowest < -50 && highest > 50 && strongest > 2 && fastest == 8));
}
