// Built with -ffp-contract=off: a fused multiply-add changes the last bit, and CartPole is chaotic. sin, cos and pow
// must be those of the recording: glibc's on a processor with fused multiply-add (without one its pow differs in the
// last bit of a few of Pendulum's rewards).
#include <algorithm>
#include <cmath>
#include <cohort/environment/classic_control/acrobot.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/continuous_mountain_car.hpp>
#include <cohort/environment/classic_control/mountain_car.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cstddef>
#include <numbers>
#include <string>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"

using namespace cohort;
using namespace cohort::classic_control;
using scalar = real<double>;

namespace {

template <std::size_t N>
std::array<float, N> as_float(std::array<scalar, N> const& observation) {
  std::array<float, N> result;
  for (std::size_t i = 0; i < N; ++i) result[i] = float(observation[i].value);
  return result;
}

/// Plays the recorded actions from the recorded starts; returns the episodes that end by themselves.
template <class E>
int play(E const& environment, std::string const& file) {
  int ended = 0;
  for (auto const& episode : gymnasium::of<E>(file)) {
    auto s = gymnasium::from<typename E::template state<scalar>>(episode.state);
    CAPTURE(file, episode.name);
    REQUIRE(as_float(environment.observe(s)) == episode.observation);
    int step = 0;
    for (auto const& recorded : episode.steps) {
      ++step;
      CAPTURE(step);
      auto [reward, terminated] = environment.step(s, {scalar(recorded.action)});
      REQUIRE(gymnasium::numbers(s) == recorded.state);
      REQUIRE(as_float(environment.observe(s)) == recorded.observation);
      REQUIRE(reward.value == recorded.reward);
      REQUIRE(terminated.value == recorded.terminated);
    }
    CHECK((!episode.steps.back().terminated || step <= environment.max_episode_steps));
    ended += episode.steps.back().terminated;
  }
  return ended;
}

}  // namespace

TEST_CASE("classic_control: whole episodes of Gymnasium come out bit for bit from their first state and actions",
          "[golden]") {
  CHECK(play(cart_pole{}, "cart_pole") == 13);
  CHECK(play(pendulum{}, "pendulum") == 0);
  CHECK(play(mountain_car{}, "mountain_car") == 3);
  CHECK(play(continuous_mountain_car{}, "continuous_mountain_car") == 4);
  CHECK(play(acrobot{}, "acrobot") == 7);
}

TEST_CASE("classic_control: so do those with other parameters of Gymnasium's constructors", "[golden]") {
  CHECK(play(cart_pole{.sutton_barto_reward = true}, "cart_pole_sutton_barto") == 3);
  CHECK(play(pendulum{.gravity = 9.81}, "pendulum_g") == 0);
  CHECK(play(mountain_car{.goal_velocity = .045}, "mountain_car_goal_velocity") == 1);
  CHECK(play(continuous_mountain_car{.goal_velocity = .045}, "continuous_mountain_car_goal_velocity") == 2);
  CHECK(play(acrobot{.dynamics = acrobot_dynamics::nips}, "acrobot_nips") == 3);
  acrobot links{.length_1 = 1.25, .mass_1 = .9, .mass_2 = 1.1, .center_1 = .6, .center_2 = .45, .moment = .8};
  links.torques = {-1.5, .25, 2};
  CHECK(play(links, "acrobot_links") == 1);
}

TEST_CASE("classic_control: episodes are as long as in Gymnasium's registry") {
  CHECK((cart_pole{}.max_episode_steps == 500 && pendulum{}.max_episode_steps == 200));
  CHECK((mountain_car{}.max_episode_steps == 200 && continuous_mountain_car{}.max_episode_steps == 999));
  CHECK(acrobot{}.max_episode_steps == 500);
}

TEST_CASE(
    "the recordings contain what the tests above are for: both ends of the track, both falls, clipped torques and "
    "speeds, angles far beyond pi, walls, links that turn several times in a step") {
  bool left = false, right = false, fell_left = false, fell_right = false, full = false;
  for (auto const& episode : gymnasium::of<cart_pole>("cart_pole")) {
    auto [position, velocity, angle, angular_velocity] = episode.steps.back().state;
    left |= position < -2.4, right |= position > 2.4, fell_left |= angle < -.2, fell_right |= angle > .2,
        full |= episode.steps.size() == 500;
  }
  CHECK((left && right && fell_left && fell_right && full));
  double lowest = 0, highest = 0, strongest = 0, fastest = 0;
  for (auto const& t : gymnasium::transitions(gymnasium::of<pendulum>("pendulum"))) {
    lowest = std::min(lowest, t.after[0]), highest = std::max(highest, t.after[0]);
    strongest = std::max(strongest, std::abs(t.action)), fastest = std::max(fastest, std::abs(t.after[1]));
  }
  CHECK((lowest < -50 && highest > 50 && strongest > 2 && fastest == 8));

  auto at_wall = [](auto const& t) { return t.after[0] == double(float(-1.2)) && t.after[1] == 0; };
  auto cars = gymnasium::transitions(gymnasium::of<mountain_car>("mountain_car"));
  CHECK(std::any_of(cars.begin(), cars.end(), [](auto const& t) { return t.after[0] == -1.2 && t.after[1] == 0; }));
  auto all = gymnasium::transitions(gymnasium::of<continuous_mountain_car>("continuous_mountain_car"));
  auto weak = gymnasium::transitions(gymnasium::of<continuous_mountain_car>("continuous_mountain_car_goal_velocity"));
  all.insert(all.end(), weak.begin(), weak.end());
  CHECK(std::any_of(all.begin(), all.end(), at_wall));
  for (double sign : {-1., 1.}) {
    CHECK(std::any_of(all.begin(), all.end(), [&](auto const& t) { return sign * t.action > 2; }));
    CHECK(std::any_of(all.begin(), all.end(), [&](auto const& t) { return t.action == sign; }));
  }
  auto links = gymnasium::transitions(gymnasium::of<acrobot>("acrobot"));
  for (double sign : {-1., 1.}) {  // from where the second link's angle turns 26.8 within a step
    CHECK(std::any_of(links.begin(), links.end(), [&](auto const& t) {
      return t.before[2] == sign * 4 * std::numbers::pi && t.before[3] == sign * 9 * std::numbers::pi;
    }));
  }
}
