// Built with -ffp-contract=off, as exact.cpp is.
#include <cohort/eigen/pack.hpp>
#include <cohort/environment/classic_control/acrobot.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/continuous_mountain_car.hpp>
#include <cohort/environment/classic_control/mountain_car.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cstddef>
#include <string>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"

using wide = cohort::eigen::pack<double>;
using namespace cohort::classic_control;

namespace {

bool same(wide a, wide b) {
  for (int lane = 0; lane < wide::width; ++lane)
    if (a[lane] != b[lane]) return false;
  return true;
}

template <class E>
void step_in_packs(E const& environment, std::string const& file) {
  using state = typename E::template state<wide>;
  auto all = gymnasium::transitions(gymnasium::of<E>(file));
  constexpr std::size_t numbers = std::tuple_size_v<decltype(all[0].before)>;
  CAPTURE(file);
  for (std::size_t first = 0; first + wide::width <= all.size(); first += wide::width) {
    auto lanes = [&](auto field) {
      double values[wide::width];
      for (int lane = 0; lane < wide::width; ++lane) values[lane] = field(all[first + lane]);
      return wide::load(values);
    };
    std::array<wide, numbers> before, after;
    for (std::size_t i = 0; i < numbers; ++i) {
      before[i] = lanes([i](auto const& t) { return t.before[i]; });
      after[i] = lanes([i](auto const& t) { return t.after[i]; });
    }
    auto s = gymnasium::from<state>(before);
    auto [reward, terminated] = environment.step(s, {lanes([](auto const& t) { return t.action; })});
    CAPTURE(first);
    for (std::size_t i = 0; i < numbers; ++i) REQUIRE(same(reinterpret_cast<wide const*>(&s)[i], after[i]));
    REQUIRE(same(reward, lanes([](auto const& t) { return t.reward; })));
    REQUIRE(same(select(terminated, wide(1), wide(0)), lanes([](auto const& t) { return t.terminated; })));
  }
}

}  // namespace

TEST_CASE("classic_control: in packs of doubles too, steps from recorded states end where Gymnasium's do, bit for bit",
          "[golden]") {
  step_in_packs(cart_pole{}, "cart_pole");
  step_in_packs(pendulum{}, "pendulum");
  step_in_packs(mountain_car{}, "mountain_car");
  step_in_packs(continuous_mountain_car{}, "continuous_mountain_car");
  step_in_packs(acrobot{}, "acrobot");
}
