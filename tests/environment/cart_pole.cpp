#include <cohort/eigen/pack.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/scalar/dual.hpp>
#include <cstddef>
#include "../catch.hpp"
#include "../golden/gymnasium.hpp"

using cohort::dual;
using cohort::real;
using cohort::classic_control::cart_pole;
using cohort::eigen::pack;

namespace {

template <class S, class A>
cart_pole::state<S> state_of(A const& x) {
  return {S(x[0]), S(x[1]), S(x[2]), S(x[3])};
}

template <class S>
std::array<S, 4> numbers(cart_pole::state<S> const& s) {
  return {s.position, s.velocity, s.angle, s.angular_velocity};
}

using transition = gymnasium::transition<4>;
auto transitions() { return gymnasium::transitions(gymnasium::of<cart_pole>("cart_pole")); }

}  // namespace

TEST_CASE("cart_pole: with contraction too, a step from a recorded state ends within 1e-12 of Gymnasium's",
          "[golden]") {
  for (auto const& t : transitions()) {
    auto s = state_of<real<double>>(t.before);
    auto [reward, terminated] = cart_pole{}.step(s, real<double>(t.action));
    for (int i = 0; i < 4; ++i)
      REQUIRE(std::abs(numbers(s)[i].value - t.after[i]) <= 1e-12 * std::max(1., std::abs(t.after[i])));
    REQUIRE(reward.value == 1);
    REQUIRE(terminated.value == t.terminated);
  }
}

TEMPLATE_TEST_CASE("cart_pole: each lane of a pack steps as a plain number does, to four units in the last place", "",
                   float, double) {
  using wide = pack<TestType>;
  auto all = transitions();
  for (std::size_t first = 0; first + wide::width <= all.size(); first += wide::width) {
    auto lanes = [&](auto field) {
      TestType values[wide::width];
      for (int lane = 0; lane < wide::width; ++lane) values[lane] = TestType(field(all[first + lane]));
      return wide::load(values);
    };
    auto component = [&](int i) { return lanes([i](transition const& t) { return t.before[i]; }); };
    cart_pole::state<wide> s{component(0), component(1), component(2), component(3)};
    wide action = lanes([](transition const& t) { return t.action; });
    auto [reward, terminated] = cart_pole{}.step(s, action);
    for (int lane = 0; lane < wide::width; ++lane) {
      auto one = state_of<real<TestType>>(all[first + lane].before);
      auto result = cart_pole{}.step(one, real<TestType>(all[first + lane].action));
      for (int i = 0; i < 4; ++i) {
        double expected = numbers(one)[i].value,
               unit = std::numeric_limits<TestType>::epsilon() * std::max(1., std::abs(expected));
        REQUIRE(std::abs(numbers(s)[i][lane] - expected) <= 4 * unit);
      }
      REQUIRE(reward[lane] == result.reward.value);
      REQUIRE(terminated[lane] == result.terminated.value);
    }
  }
}

TEST_CASE("cart_pole: the duals of a step are its derivatives by the state, as five-point differences give them") {
  using scalar = dual<real<double>, 4>;
  auto all = transitions();
  for (std::size_t k = 0; k < all.size(); k += 97) {
    cart_pole::state<scalar> s;
    scalar* inputs[] = {&s.position, &s.velocity, &s.angle, &s.angular_velocity};
    for (int i = 0; i < 4; ++i) *inputs[i] = scalar::variable(all[k].before[i], i);
    cart_pole{}.step(s, scalar(all[k].action));
    for (int i = 0; i < 4; ++i) {
      auto moved = [&](double by) {
        auto before = all[k].before;
        before[i] += by;
        auto plain = state_of<real<double>>(before);
        cart_pole{}.step(plain, real<double>(all[k].action));
        return numbers(plain);
      };
      double h = 1e-3;
      auto far_back = moved(-2 * h), back = moved(-h), forward = moved(h), far_forward = moved(2 * h);
      for (int j = 0; j < 4; ++j) {
        double slope = (far_back[j].value - 8 * back[j].value + 8 * forward[j].value - far_forward[j].value) / (12 * h);
        REQUIRE(std::abs(numbers(s)[j].tangent[i].value - slope) <= 1e-10 * std::max(1., std::abs(slope)));
      }
    }
  }
}

TEST_CASE("cart_pole: on a limit the episode goes on, the next number beyond it ends it") {
  auto ends = [](double position, double angle) {
    cart_pole::state<real<double>> s{position, 0, angle, 0};  // without speed neither moves in this step
    return cart_pole{}.step(s, real<double>(1)).terminated.value;
  };
  cart_pole limits;
  for (double side : {-1., 1.}) {
    CHECK(!ends(side * limits.position_limit, 0));
    CHECK(ends(side * std::nextafter(limits.position_limit, 9), 0));
    CHECK(!ends(0, side * limits.angle_limit));
    CHECK(ends(0, side * std::nextafter(limits.angle_limit, 9)));
  }
}

TEST_CASE(
    "cart_pole: resets fill [-0.05, 0.05] in every component and depend on nothing but the stream's coordinates") {
  auto reset = [](std::uint64_t seed, std::uint32_t step, std::uint32_t lane) {
    cohort::random_stream draws(cohort::stream_id{seed, cohort::draw_purpose::reset, step}, lane);
    auto s = numbers(cart_pole{}.reset<real<double>>(draws));
    return std::array{s[0].value, s[1].value, s[2].value, s[3].value};
  };
  std::array<double, 4> low{}, high{};
  for (std::uint32_t lane = 0; lane < 1000; ++lane) {
    auto s = reset(7, 0, lane);
    for (int i = 0; i < 4; ++i) low[i] = std::min(low[i], s[i]), high[i] = std::max(high[i], s[i]);
  }
  for (int i = 0; i < 4; ++i) {  // of 1000 draws none within 2% of an end: once in 6e8
    CHECK((low[i] > -.05 && low[i] < -.048));
    CHECK((high[i] < .05 && high[i] > .048));
  }
  CHECK(reset(7, 3, 5) == reset(7, 3, 5));
  for (auto other : {reset(8, 3, 5), reset(7, 4, 5), reset(7, 3, 6)})
    for (int i = 0; i < 4; ++i) CHECK(other[i] != reset(7, 3, 5)[i]);
}
