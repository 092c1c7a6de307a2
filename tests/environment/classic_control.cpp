#include <cohort/environment/classic_control/acrobot.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/continuous_mountain_car.hpp>
#include <cohort/environment/classic_control/mountain_car.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cohort/scalar/dual.hpp>
#include <cstddef>
#include <set>
#include <string>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"
#include "../support/arrays.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace cohort::classic_control;
using Catch::Matchers::ContainsSubstring;
using plain = real<double>;
using support::refusal;

namespace {

random_stream stream(std::uint64_t seed, std::uint32_t lane = 0) { return random_stream(stream_id{seed}, lane); }

/// The lowest and the highest of each number of 1000 starts.
template <class E>
auto range_of_starts() {
  using numbers = decltype(gymnasium::numbers(std::declval<typename E::template state<plain>>()));
  std::pair<numbers, numbers> range;
  range.first.fill(1e9), range.second.fill(-1e9);
  for (std::uint32_t lane = 0; lane < 1000; ++lane) {
    auto draws = stream(7, lane);
    auto s = gymnasium::numbers(E{}.template reset<plain>(draws));
    for (std::size_t i = 0; i < s.size(); ++i) {
      range.first[i] = std::min(range.first[i], s[i]);
      range.second[i] = std::max(range.second[i], s[i]);
    }
  }
  return range;
}

/// Kinetic and potential energy of two links with their moments of inertia about their centers of mass.
double energy(acrobot const& e, acrobot::state<plain> const& s) {
  double a = s.angle_1.value, b = s.angle_2.value, u = s.velocity_1.value, v = s.velocity_2.value;
  double second = e.length_1 * e.length_1 * u * u + e.center_2 * e.center_2 * (u + v) * (u + v) +
                  2 * e.length_1 * e.center_2 * u * (u + v) * std::cos(b);
  double kinetic =
      (e.mass_1 * e.center_1 * e.center_1 + e.moment) * u * u + e.mass_2 * second + e.moment * (u + v) * (u + v);
  double height =
      -e.mass_1 * e.center_1 * std::cos(a) - e.mass_2 * (e.length_1 * std::cos(a) + e.center_2 * std::cos(a + b));
  return kinetic / 2 + e.gravity * height;
}

}  // namespace

TEMPLATE_TEST_CASE("classic_control: each lane of a pack of floats steps as a plain float does", "", mountain_car,
                   continuous_mountain_car, acrobot) {
  using wide = eigen::pack<float>;
  using narrow = real<float>;
  std::string file = std::is_same_v<TestType, acrobot>        ? "acrobot"
                     : std::is_same_v<TestType, mountain_car> ? "mountain_car"
                                                              : "continuous_mountain_car";
  auto all = gymnasium::transitions(gymnasium::of<TestType>(file));
  constexpr std::size_t N = std::tuple_size_v<decltype(all[0].before)>;
  for (std::size_t first = 0; first + wide::width <= all.size(); first += wide::width) {
    typename TestType::template state<wide> s;
    wide action;
    for (int lane = 0; lane < wide::width; ++lane) {
      auto const& t = all[first + lane];
      for (std::size_t i = 0; i < N; ++i) reinterpret_cast<wide*>(&s)[i].set(lane, float(t.before[i]));
      action.set(lane, float(t.action));
    }
    auto result = TestType{}.step(s, {action});
    for (int lane = 0; lane < wide::width; ++lane) {
      auto const& t = all[first + lane];
      typename TestType::template state<narrow> one;
      for (std::size_t i = 0; i < N; ++i) reinterpret_cast<narrow*>(&one)[i] = float(t.before[i]);
      auto expected = TestType{}.step(one, {narrow(t.action)});
      CAPTURE(first, lane);
      bool fast = N == 4 && std::abs(t.before[3]) > 15;  // there a step of acrobot's takes an error 100 times as far
      for (std::size_t i = 0; i < N; ++i) {
        double other = reinterpret_cast<narrow*>(&one)[i].value;
        REQUIRE(std::abs(reinterpret_cast<wide*>(&s)[i][lane] - other) <=
                (fast ? 1e-2 : 2e-6) * std::max(1., std::abs(other)));
      }
      REQUIRE(std::abs(result.reward[lane] - expected.reward.value) <= 1e-6);
      REQUIRE(result.terminated[lane] == expected.terminated.value);
    }
  }
}

TEST_CASE("mountain_car, continuous_mountain_car: the duals of a step are its derivatives in closed form") {
  using scalar = dual<plain, 3>;
  for (double x : {-.9, -.5, .1, .3}) {
    auto position = scalar::variable(x, 0), speed = scalar::variable(.01, 1), force = scalar::variable(.5, 2);
    mountain_car::state<scalar> s{position, speed};
    mountain_car{}.step(s, scalar(2));
    continuous_mountain_car::state<scalar> c{position, speed};
    auto result = continuous_mountain_car{}.step(c, {force});
    double slope = 3 * .0025 * std::sin(3 * x);
    double expected[] = {slope, 1, .0015};
    for (int i = 0; i < 2; ++i) {
      CHECK(s.velocity.tangent[i].value == Approx(expected[i]).epsilon(1e-12));
      CHECK(s.position.tangent[i].value == Approx(expected[i] + (i == 0)).epsilon(1e-12));
    }
    for (int i = 0; i < 3; ++i) {
      CHECK(c.velocity.tangent[i].value == Approx(expected[i]).epsilon(1e-6));  // the power is a float there
      CHECK(c.position.tangent[i].value == Approx(expected[i] + (i == 0)).epsilon(1e-6));
    }
    CHECK(result.reward.tangent[2].value == Approx(-.1).epsilon(1e-12));
  }
}

TEST_CASE("acrobot: the duals of a step are its derivatives, as five-point differences give them") {
  using scalar = dual<plain, 4>;
  std::array<double, 4> const at{.4, -1.1, .7, -1.3};
  acrobot::state<scalar> s;
  for (int i = 0; i < 4; ++i) (&s.angle_1)[i] = scalar::variable(at[std::size_t(i)], i);
  acrobot{}.step(s, scalar(2));
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j) {
      auto moved = [&](double x) {
        auto from = at;
        from[i] = x;
        auto to = gymnasium::from<acrobot::state<plain>>(from);
        acrobot{}.step(to, plain(2));
        return gymnasium::numbers(to)[j];
      };
      CHECK(std::abs((&s.angle_1)[j].tangent[i].value - arrays::slope(moved, at[i])) <= 1e-9);
    }
}

TEST_CASE(
    "acrobot: without torque the book's links keep their energy, the paper's, whose equation lacks a term, do not") {
  acrobot e{
      .length_1 = 1.2, .mass_1 = .8, .mass_2 = 1.3, .center_1 = .4, .center_2 = .6, .moment = .9, .time_step = .005};
  for (auto dynamics : {acrobot_dynamics::book, acrobot_dynamics::nips}) {
    e.dynamics = dynamics;
    acrobot::state<plain> s{1, -.5, 2, 1};
    double before = energy(e, s), most = 0;
    for (int t = 0; t < 200; ++t) e.step(s, plain(1)), most = std::max(most, std::abs(energy(e, s) - before));
    if (dynamics == acrobot_dynamics::book) CHECK(most < 1e-7);
    else CHECK(most > .1);
  }
}

TEMPLATE_TEST_CASE("acrobot: the noise of the torque is uniform within its bounds and another in each lane and step",
                   "", float, double) {
  using backend_type = eigen::basic_backend<TestType>;
  acrobot still{.torques = {0, 0, 0}}, noisy{.torques = {0, 0, 0}, .torque_noise = .5};
  acrobot::state<plain> pushed{};
  acrobot{.torques = {.5, .5, .5}}.step(pushed, plain(0));
  double const bound = pushed.velocity_2.value;
  backend_type backend;
  constexpr int N = 1000;
  vector_environment<backend_type, acrobot> lanes(backend, noisy, N, 5), quiet(backend, still, N, 5);
  arrays::integers idle(N, 1);
  std::vector<TestType> reward(N), seen(6 * N), without(6 * N);
  arrays::flags terminated(N), truncated(N);
  std::set<double> different;
  double lowest = 1, highest = -1, sum = 0;
  for (int step = 0; step < 2; ++step) {
    lanes.reset(backend), quiet.reset(backend);
    for (auto [which, to] : {std::pair{&lanes, &seen}, {&quiet, &without}})
      which->step(backend, arrays::matrix(std::as_const(idle), N), arrays::all(reward), arrays::all(terminated),
                  arrays::all(truncated), arrays::matrix(*to, N));
    for (std::size_t n = 0; n < N; ++n) {
      double torque = double(seen[6 * n + 5] - without[6 * n + 5]) / bound * .5;  // linear but for some 1%
      lowest = std::min(lowest, torque), highest = std::max(highest, torque), sum += torque, different.insert(torque);
    }
  }
  CHECK((lowest > -.52 && lowest < -.48 && highest < .52 && highest > .48));
  CHECK(std::abs(sum / (2 * N)) < 4.5 * .5 / std::sqrt(3. * 2 * N));
  CHECK(different.size() > 2 * N - 5);  // floats may be equal by chance
}

TEST_CASE("acrobot: a step with noise is one with the torque that was drawn") {
  auto draws = stream(3), same = stream(3);
  acrobot::state<plain> s{.1, .2, .3, .4}, t = s;
  acrobot{.torque_noise = .5}.step(s, plain(0), draws);
  double torque = same.uniform(-.5, .5);
  acrobot{.torques = {-1 + torque, 0, 0}}.step(t, plain(0));
  CHECK(gymnasium::numbers(s) == gymnasium::numbers(t));
}

TEST_CASE("classic_control: episodes begin where Gymnasium's do") {
  auto fills = [](auto const& range, std::size_t i, double low, double high) {
    double margin = .02 * (high - low);  // of 1000 draws none within 2% of an end: once in 6e8
    return range.first[i] >= low && range.first[i] < low + margin && range.second[i] <= high &&
           range.second[i] > high - margin;
  };
  auto car = range_of_starts<mountain_car>(), continuous = range_of_starts<continuous_mountain_car>();
  CHECK((fills(car, 0, -.6, -.4) && fills(continuous, 0, -.6, -.4)));
  CHECK((car.first[1] == 0 && car.second[1] == 0 && continuous.first[1] == 0 && continuous.second[1] == 0));
  auto links = range_of_starts<acrobot>();
  double nearly = double(.1f);  // a float
  for (std::size_t i = 0; i < 4; ++i) CHECK(fills(links, i, -nearly, nearly));
}

TEST_CASE("classic_control: parameters that no environment can have are refused before the first step") {
  double nan = std::numeric_limits<double>::quiet_NaN();
  auto refused = [](auto const& e) { return refusal([&] { environment_run run{e}; }); };
  arrays::cpu backend;
  CHECK_THROWS_WITH((vector_environment<arrays::cpu, acrobot>(backend, {.mass_1 = 0}, 4, 1)),
                    ContainsSubstring("acrobot: mass_1 is 0, expected a finite number > 0"));
  CHECK(refused(cart_pole{.pole_mass = 0}) == "cart_pole: pole_mass is 0, expected a finite number > 0");
  CHECK(refused(cart_pole{.force = nan}) == "cart_pole: force is nan, expected a finite number");
  CHECK(refused(pendulum{.length = -1}) == "pendulum: length is -1, expected a finite number > 0");
  CHECK(refused(mountain_car{.max_position = -2}) ==
        "mountain_car: max_position is -2, expected a finite number > -1.2");
  CHECK(refused(mountain_car{.goal_velocity = nan}) == "mountain_car: goal_velocity is nan, expected a finite number");
  CHECK(refused(continuous_mountain_car{.max_speed = 0}) ==
        "continuous_mountain_car: max_speed is 0, expected a finite number > 0");
  CHECK(refused(acrobot{.torque_noise = -.1}) == "acrobot: torque_noise is -0.1, expected at least 0");
  CHECK(refused(acrobot{.torques = {-1, 0, nan}}) == "acrobot: one of torques is nan, expected a finite number");
  CHECK(refused(acrobot{.moment = nan}) == "acrobot: moment is nan, expected a finite number > 0");
  CHECK(refused(time_limit{acrobot{}, -5}) ==
        "environment: max_episode_steps is -5, expected at least 1, or 0 for no limit");
}
