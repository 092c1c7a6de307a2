#include <cohort/eigen/pack.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/scalar/dual.hpp>
#include <cstddef>
#include <numbers>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"

using cohort::dual;
using cohort::real;
using cohort::classic_control::pendulum;
using cohort::eigen::pack;

namespace {

using transition = gymnasium::transition<2>;
auto transitions() { return gymnasium::transitions(gymnasium::of<pendulum>("pendulum")); }

/// Angle, speed and reward after a step.
template <class S>
std::array<S, 3> after(S angle, S speed, S torque) {
  pendulum::state<S> s{angle, speed};
  S reward = pendulum{}.step(s, {torque}).reward;
  return {s.angle, s.speed, reward};
}

}  // namespace

TEST_CASE("pendulum: with contraction too, a step from a recorded state ends within 1e-12 of Gymnasium's", "[golden]") {
  for (auto const& t : transitions()) {
    auto result = after<real<double>>(t.before[0], t.before[1], t.action);
    double expected[] = {t.after[0], t.after[1], t.reward};
    for (int i = 0; i < 3; ++i)
      REQUIRE(std::abs(result[i].value - expected[i]) <= 1e-12 * std::max(1., std::abs(expected[i])));
  }
}

// The angle grows to 75, and its remainder keeps the rounding of that size; the cost has a slope of up to 2 pi in it.
TEMPLATE_TEST_CASE(
    "pendulum: each lane of a pack steps as a plain number does, to some units in the last place of its inputs", "",
    float, double) {
  using wide = pack<TestType>;
  auto all = transitions();
  for (std::size_t first = 0; first + wide::width <= all.size(); first += wide::width) {
    auto lanes = [&](auto field) {
      TestType values[wide::width];
      for (int lane = 0; lane < wide::width; ++lane) values[lane] = TestType(field(all[first + lane]));
      return wide::load(values);
    };
    auto result = after(lanes([](transition const& t) { return t.before[0]; }),
                        lanes([](transition const& t) { return t.before[1]; }),
                        lanes([](transition const& t) { return t.action; }));
    for (int lane = 0; lane < wide::width; ++lane) {
      auto const& t = all[first + lane];
      auto one = after<real<TestType>>(t.before[0], t.before[1], t.action);
      double unit =
          std::numeric_limits<TestType>::epsilon() * std::max({1., std::abs(t.before[0]), std::abs(t.before[1])});
      double bounds[] = {unit, 4 * unit, 8 * unit};
      for (int i = 0; i < 3; ++i) REQUIRE(std::abs(result[i][lane] - one[i].value) <= bounds[i]);
    }
  }
}

TEST_CASE("pendulum: the duals of a step are its derivatives by angle and speed, as five-point differences give them") {
  using scalar = dual<real<double>, 2>;
  auto all = transitions();
  int compared = 0;
  for (std::size_t k = 0; k < all.size(); k += 7) {
    auto [angle, speed] = all[k].before;
    double torque = all[k].action, h = 1e-3;
    double wrapped = std::remainder(angle, 2 * std::numbers::pi);
    if (std::abs(std::abs(wrapped) - std::numbers::pi) < .01 || std::abs(std::abs(all[k].after[1]) - 8) < .05)
      continue;  // kinks
    auto result = after(scalar::variable(angle, 0), scalar::variable(speed, 1), scalar(torque));
    for (int i = 0; i < 2; ++i) {
      auto moved = [&, angle = angle, speed = speed](double by) {
        return after<real<double>>(angle + (i == 0) * by, speed + (i == 1) * by, torque);
      };
      auto far_back = moved(-2 * h), back = moved(-h), forward = moved(h), far_forward = moved(2 * h);
      for (int j = 0; j < 3; ++j) {
        double slope = (far_back[j].value - 8 * back[j].value + 8 * forward[j].value - far_forward[j].value) / (12 * h);
        REQUIRE(std::abs(result[j].tangent[i].value - slope) <= 1e-10 * std::max(1., std::abs(slope)));
      }
    }
    ++compared;
  }
  CHECK(compared > 100);
}

TEST_CASE("pendulum: inside the limits the torque's derivatives are 3 dt and -0.002 u, beyond them nothing") {
  using scalar = dual<real<double>, 1>;
  for (double torque : {-3., -2., -1.25, 0., .5, 2., 2.5}) {
    auto [angle, speed, reward] = after(scalar(1.), scalar(.5), scalar::variable(torque, 0));
    bool inside = std::abs(torque) <= 2;
    CHECK(std::abs(speed.tangent[0].value - inside * 3 * .05) < 1e-15);
    CHECK(std::abs(angle.tangent[0].value - inside * 3 * .05 * .05) < 1e-15);
    CHECK(std::abs(reward.tangent[0].value + inside * .002 * torque) < 1e-9);  // 0.001 is a float there
  }
}

TEST_CASE("pendulum: the cost of an angle is that of the same angle in [-pi, pi), however often it has gone round") {
  for (double angle : {-3., -1., 0., .1, 3.}) {
    double here = after<real<double>>(angle, 0, 0)[2].value;
    CHECK(here == Approx(-angle * angle).epsilon(1e-14));
    for (int turns : {-9, -1, 1, 9})
      CHECK(std::abs(after<real<double>>(angle + turns * 2 * std::numbers::pi, 0, 0)[2].value - here) < 1e-12);
  }
}

TEST_CASE("pendulum: it never terminates, and its speed and torque are cut to 8 and 2") {
  for (double angle : {0., 1.5, 1e3}) {
    pendulum::state<real<double>> s{angle, 7.9}, clipped = s;
    CHECK(!pendulum{}.step(s, {real<double>(2)}).terminated.value);
    pendulum{}.step(clipped, {real<double>(1e30)});
    CHECK(
        (clipped.angle.value == s.angle.value && clipped.speed.value == s.speed.value && std::abs(s.speed.value) <= 8));
  }
  CHECK(after<real<double>>(std::numbers::pi / 2, 7.9, 0)[1].value == 8);
}

TEST_CASE("pendulum: resets fill [-pi, pi] and [-1, 1] and depend on nothing but the stream's coordinates") {
  auto reset = [](std::uint64_t seed, std::uint32_t step, std::uint32_t lane) {
    cohort::random_stream draws(cohort::stream_id{seed, cohort::draw_purpose::reset, step}, lane);
    auto s = pendulum{}.reset<real<double>>(draws);
    return std::array{s.angle.value / std::numbers::pi, s.speed.value};
  };
  for (int i : {0, 1}) {
    double low = 0, high = 0;
    for (std::uint32_t lane = 0; lane < 1000; ++lane)
      low = std::min(low, reset(3, 0, lane)[i]), high = std::max(high, reset(3, 0, lane)[i]);
    CHECK((low > -1 && low < -.96 && high < 1 && high > .96));  // of 1000 draws none within 2% of an end: once in 6e8
    for (auto other : {reset(4, 3, 5), reset(3, 4, 5), reset(3, 3, 6)}) CHECK(other[i] != reset(3, 3, 5)[i]);
  }
  CHECK(reset(3, 3, 5) == reset(3, 3, 5));
}
