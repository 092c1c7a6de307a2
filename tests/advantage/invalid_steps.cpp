#include <cmath>
#include <cohort/advantage/monte_carlo.hpp>
#include "../catch.hpp"
#include "everything.hpp"
#include "lane_batch.hpp"

namespace {

double const inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("invalid steps: gae and monte_carlo read no value of theirs, not even for a target or a baseline") {
  lane_batch<> b{3, 1, {1, nan_, 4}, {2, nan_, 3}, {.5, inf, 7}, {0, 0, 1}, {0, 0, 0}, {1, 0, 1}};
  auto plain = estimate(monte_carlo{.gamma = 1, .bootstrap = false}, b);
  REQUIRE(plain.advantage == numbers{5 - 2, 0, 4 - 3});
  REQUIRE(plain.target == numbers{5, 0, 4});
  auto skipped = estimate(gae{.gamma = 1, .lambda = 1}, b);
  REQUIRE(skipped.advantage == numbers{1 + .5 + 1 - 2, 0, 1});
  REQUIRE(skipped.target == numbers{1 + .5 + 1, 0, 4});
  auto decayed = estimate(gae{.gamma = 1, .lambda = 1, .invalid = invalid_steps::decay}, b);
  REQUIRE(decayed.target == numbers{1 + .5 + 1, 0, 4});
}

TEST_CASE("invalid steps: what an estimator writes for them is 0, to the bit, whatever they hold") {
  auto batch = a_batch({3, 1, 4, 2});
  for (auto& s : batch.groups[2][1].steps) s.valid = false;
  batch.each_step([](a_step& t) {
    if (!t.valid) t = {nan_, inf, -inf, nan_, nan_, nan_, nan_, t.anchor, false};
  });
  auto is_zero = [](double x) { return x == 0 && !std::signbit(x); };
  auto check = [&](char const* name, auto const& estimator) {
    CAPTURE(name);
    auto const [advantage, target] = batch.advantage_and_target(estimator);
    std::size_t i = 0, others = 0;
    batch.each_step([&](a_step const& t) {
      CAPTURE(i, advantage[i], target[i]);
      if (!t.valid) CHECK((is_zero(advantage[i]) && (is_zero(target[i]) || target[i] == -99)));
      else others += advantage[i] != 0 && std::isfinite(advantage[i]);
      ++i;
    });
    CHECK(others > 0);
  };
  each_estimator(check);
  check("gae, decaying", gae{.invalid = invalid_steps::decay});
  check("monte_carlo with a critic", monte_carlo{.gamma = .9});
  check("monte_carlo, decaying", monte_carlo{.bootstrap = false, .invalid = invalid_steps::decay});
}
