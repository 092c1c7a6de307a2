#include <cohort/language/reward/soft_overlong.hpp>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using namespace reward_cases;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("soft_overlong: nothing up to the cache, a straight line to -1 at the limit, -1 beyond") {
  soft_overlong reward{.limit = 10, .cache = 4};
  double expected[] = {0, 0, 0, 0, 0, 0, 0, -.25, -.5, -.75, -1, -1, -1};
  for (int length = 0; length <= 12; ++length) REQUIRE(of_length(reward, length) == expected[length]);
}

// (100 - 20 - 90) / 20 is the example of TRL's documentation; the others are its formula, evaluated apart from this
// library.
TEST_CASE("soft_overlong: the numbers of TRL's get_soft_overlong_punishment") {
  soft_overlong reward{.limit = 100, .cache = 20};
  REQUIRE(of_length(reward, 90) == -.5);
  REQUIRE(of_length(reward, 80) == 0);
  REQUIRE(of_length(reward, 81) == -.05);
  REQUIRE(of_length(reward, 99) == -.95);
  REQUIRE(of_length(reward, 100) == -1);
  REQUIRE(of_length(reward, 101) == -1);
  REQUIRE(of_length(soft_overlong{.limit = 512, .cache = 96}, 449) == Approx(-.34375).epsilon(1e-15));
}

TEST_CASE("soft_overlong: by default DAPO's 16,384 tokens are free and 20,480 the limit") {
  REQUIRE(of_length(soft_overlong{}, 16384) == 0);
  REQUIRE(of_length(soft_overlong{}, 16384 + 1024) == -.25);
  REQUIRE(of_length(soft_overlong{}, 20480) == -1);
}

TEST_CASE(
    "soft_overlong: without a cache it falls to -1 beyond the limit, with one of the whole limit from the first token "
    "on") {
  REQUIRE(of_length(soft_overlong{.limit = 10, .cache = 0}, 10) == 0);
  REQUIRE(of_length(soft_overlong{.limit = 10, .cache = 0}, 11) == -1);
  REQUIRE(of_length(soft_overlong{.limit = 10, .cache = 10}, 0) == 0);
  REQUIRE(of_length(soft_overlong{.limit = 10, .cache = 10}, 1) == -.1);
}

TEST_CASE("soft_overlong: a limit below 1 and a cache outside the limit are value_errors") {
  REQUIRE_THROWS_WITH(of_length(soft_overlong{.limit = 0, .cache = 0}, 1), ContainsSubstring("limit is 0"));
  REQUIRE_THROWS_WITH(of_length(soft_overlong{.limit = 10, .cache = 11}, 1), ContainsSubstring("cache is 11"));
  REQUIRE_THROWS_AS(of_length(soft_overlong{.limit = 10, .cache = -1}, 1), value_error);
}
