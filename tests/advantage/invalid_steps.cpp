#include <cohort/advantage/monte_carlo.hpp>
#include "../catch.hpp"
#include "grouped.hpp"
#include "lane_batch.hpp"

namespace {

double const nan_ = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("invalid steps: gae and monte_carlo read no value of theirs, not even for a target or a baseline") {
  lane_batch<> b{3, 1, {1, nan_, 4}, {2, nan_, 3}, {.5, inf, 7}, {0, 0, 1}, {0, 0, 0}, {1, 0, 1}};
  auto plain = estimate(monte_carlo{.gamma = 1, .bootstrap = false}, b);
  REQUIRE(plain.advantage == numbers{5 - 2, 4, 4 - 3});
  REQUIRE(plain.target == numbers{5, 4, 4});
  auto skipped = estimate(gae{.gamma = 1, .lambda = 1}, b);
  REQUIRE(skipped.advantage[1] == 1);
  REQUIRE(skipped.target == numbers{skipped.advantage[0] + 2, 1, 4});
  auto decayed = estimate(gae{.gamma = 1, .lambda = 1, .invalid = invalid_steps::decay}, b);
  REQUIRE(decayed.target == numbers{1 + .5 + 1, 1, 4});
}
