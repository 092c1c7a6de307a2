// Built with -ffp-contract=off, as exact.cpp is.
#include <cohort/eigen/pack.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cstddef>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"

using wide = cohort::eigen::pack<double>;

namespace {

/// Calls f with each full pack of transitions, given as a function that collects one number of each.
template <class T, class F>
void for_each_pack(std::vector<T> const& all, F f) {
  for (std::size_t first = 0; first + wide::width <= all.size(); first += wide::width)
    f([&all, first](auto field) {
      double values[wide::width];
      for (int lane = 0; lane < wide::width; ++lane) values[lane] = field(all[first + lane]);
      return wide::load(values);
    });
}

bool same(wide a, wide b) {
  for (int lane = 0; lane < wide::width; ++lane)
    if (a[lane] != b[lane]) return false;
  return true;
}

}  // namespace

TEST_CASE("cart_pole: in packs of doubles too, steps from recorded states end where Gymnasium's do, bit for bit",
          "[golden]") {
  for_each_pack(gymnasium::transitions(gymnasium::cart_pole()), [](auto lanes) {
    auto before = [&](int i) { return lanes([i](auto const& t) { return t.before[i]; }); };
    auto after = [&](int i) { return lanes([i](auto const& t) { return t.after[i]; }); };
    cohort::classic_control::cart_pole::state<wide> s{before(0), before(1), before(2), before(3)};
    auto [reward, terminated] =
        cohort::classic_control::cart_pole{}.step(s, lanes([](auto const& t) { return t.action; }));
    REQUIRE((same(s.position, after(0)) && same(s.velocity, after(1)) && same(s.angle, after(2)) &&
             same(s.angular_velocity, after(3))));
    REQUIRE(same(reward, lanes([](auto const& t) { return t.reward; })));
    REQUIRE(same(select(terminated, wide(1), wide(0)), lanes([](auto const& t) { return t.terminated; })));
  });
}

TEST_CASE("pendulum: in packs of doubles too, steps from recorded states end where Gymnasium's do, bit for bit",
          "[golden]") {
  for_each_pack(gymnasium::transitions(gymnasium::pendulum()), [](auto lanes) {
    cohort::classic_control::pendulum::state<wide> s{lanes([](auto const& t) { return t.before[0]; }),
                                                     lanes([](auto const& t) { return t.before[1]; })};
    wide reward = cohort::classic_control::pendulum{}.step(s, {lanes([](auto const& t) { return t.action; })}).reward;
    REQUIRE(same(s.angle, lanes([](auto const& t) { return t.after[0]; })));
    REQUIRE(same(s.speed, lanes([](auto const& t) { return t.after[1]; })));
    REQUIRE(same(reward, lanes([](auto const& t) { return t.reward; })));
  });
}
