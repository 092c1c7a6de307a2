#include <cohort/advantage/all.hpp>
#include "../catch.hpp"
#include "lane_batch.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

batch_view<double> without_critic(lane_batch<> const& b) {
  auto v = b.views();
  v.value = v.next_value = {};
  return v;
}
numbers returns(monte_carlo const& m, batch_view<double> const& b) {
  cpu backend;
  numbers advantage(std::size_t(b.reward.rows));
  m(backend, b, {all(advantage), {}});
  return advantage;
}

}  // namespace

TEST_CASE("monte_carlo: without a critic, the discounted rewards to come until the series ends or is cut") {
  lane_batch<> b{5, 1, {1, 2, 4, 8, 16}, {}, {}, {0, 1, 0, 0, 0}, {0, 0, 0, 1, 0}};
  REQUIRE(returns({.gamma = .5}, without_critic(b)) == numbers{2, 2, 8, 8, 16});
}

TEST_CASE("monte_carlo: with a critic and the bootstrap it is gae with lambda 1, targets too") {
  auto b = random_batch(17, 5);
  auto found = estimate(monte_carlo{.gamma = .9}, b), expected = estimate(gae{.gamma = .9, .lambda = 1}, b);
  REQUIRE(found.advantage == expected.advantage);
  REQUIRE(found.target == expected.target);
}

TEST_CASE(
    "monte_carlo: with a critic and no bootstrap the advantage is the return minus the value, whatever next_value "
    "says") {
  auto b = random_batch(17, 5);
  auto found = estimate(monte_carlo{.gamma = .9, .bootstrap = false}, b);
  auto plain = returns({.gamma = .9}, without_critic(b));
  for (std::size_t i = 0; i < plain.size(); ++i) {
    REQUIRE(found.target[i] == plain[i]);
    REQUIRE(found.advantage[i] == plain[i] - b.value[i]);
  }
}

TEST_CASE("monte_carlo: an invalid step is skipped, or lets gamma decay; what it holds gets nowhere") {
  double nan_ = std::numeric_limits<double>::quiet_NaN();
  lane_batch<> b{4, 1, {1, nan_, nan_, 8}, {}, {}, {0, 0, 0, 1}, {0, 0, 0, 0}, {1, 0, 0, 1}};
  REQUIRE(returns({.gamma = .5}, without_critic(b)) == numbers{5, 0, 0, 8});
  REQUIRE(returns({.gamma = .5, .invalid = invalid_steps::decay}, without_critic(b)) == numbers{2, 0, 0, 8});
}

TEST_CASE("monte_carlo: refuses a discount out of its range, and probes") {
  auto b = random_batch(4, 3);
  REQUIRE_THROWS_WITH(estimate(monte_carlo{.gamma = 2}, b), ContainsSubstring("gamma is 2"));
  auto view = b.views();
  view.group = 2;
  REQUIRE_THROWS_WITH(estimate(monte_carlo{}, view), ContainsSubstring("probes"));
}

TEST_CASE("estimators of one step after another: probes of one action and two steps are refused by name") {
  auto b = random_batch(4, 3);
  auto view = b.views();
  view.depth = 2;
  auto refuses = [&](std::string const& name, auto const& estimator) {
    REQUIRE_THROWS_WITH(estimate(estimator, view),
                        name + ": the number of steps of a probe is 2, expected 1 (it is not for probes)");
  };
  refuses("gae", gae{}), refuses("monte_carlo", monte_carlo{}), refuses("n_step", n_step{}),
      refuses("v_trace", v_trace{}), refuses("length_adaptive_gae", length_adaptive_gae{}),
      refuses("kl_in_reward", kl_in_reward{}), refuses("kl_to_go", kl_to_go{});
  arrays::cpu backend;
  running_reward_scale scale;
  auto state = scale.start(backend);
  numbers reward(12);
  REQUIRE_THROWS_WITH(scale(backend, state, view, arrays::all(reward)),
                      ContainsSubstring("running_reward_scale: the number of steps of a probe is 2"));
}

TEST_CASE("gae: with decay an invalid step is one of reward 0 at a state of value 0, and what it holds gets nowhere") {
  double nan_ = std::numeric_limits<double>::quiet_NaN(), g = .9, l = .5;
  // The second of three steps is a tool's; after the first one comes its state, of value 0.
  lane_batch<> b{3, 1, {1, nan_, 4}, {.5, nan_, 2}, {0, 2, 7}, {0, 0, 1}, {0, 0, 0}, {1, 0, 1}};
  double last = 4 - 2, middle = g * 2 + g * l * last, first = 1 - .5 + g * l * middle;
  auto a = estimate(gae{.gamma = g, .lambda = l, .invalid = invalid_steps::decay}, b).advantage;
  REQUIRE(close(a[2], last, 1e-15));
  REQUIRE(a[1] == 0);
  REQUIRE(close(a[0], first, 1e-15));
  b.next_value[1] = nan_;
  a = estimate(gae{.gamma = g, .lambda = l, .invalid = invalid_steps::decay}, b).advantage;
  REQUIRE(close(a[0], 1 - .5 + g * l * (g * l * last), 1e-15));
}
