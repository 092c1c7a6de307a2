#include <cohort/language/reward/length_target.hpp>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using namespace reward_cases;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("length_target: 0 at the target, and a token costs alpha on either side of it") {
  REQUIRE(of_length(length_target{.target = 10}, 10) == 0);
  REQUIRE(!std::signbit(of_length(length_target{.target = 10}, 10)));
  REQUIRE(of_length(length_target{.target = 10}, 7) == -3);
  REQUIRE(of_length(length_target{.target = 10}, 14) == -4);
  REQUIRE(of_length(length_target{.target = 10}, 0) == -10);
  REQUIRE(of_length(length_target{.target = 10, .alpha = .25}, 14) == -1);
  REQUIRE(of_length(length_target{.target = 10, .alpha = 0}, 14) == 0);
  REQUIRE(of_length(length_target{.target = 7.5}, 7) == -.5);
}

TEST_CASE("length_target: L1's 0.0003 a token takes 0.15 where 1,000 tokens were asked for and 1,500 came") {
  REQUIRE(of_length(length_target{.target = 1000, .alpha = .0003}, 1500) == Approx(-.15).epsilon(1e-14));
}

TEST_CASE("length_target: the row may name the length") {
  length_target reward{.target = [](row const& r) { return r.answer; }, .alpha = 2};
  REQUIRE(of_length(reward, 5, row{3}) == -4);
  REQUIRE(of_length(reward, 5, row{5}) == 0);
}

TEST_CASE("length_target: a target or an alpha that is negative or no number is a value_error") {
  REQUIRE_THROWS_WITH(of_length(length_target{.target = -1}, 5), ContainsSubstring("target is -1"));
  REQUIRE_THROWS_WITH(of_length(length_target{.target = NAN}, 5), ContainsSubstring("target is nan"));
  REQUIRE_THROWS_WITH(of_length(length_target{.target = 1, .alpha = -2}, 5), ContainsSubstring("alpha is -2"));
  REQUIRE_THROWS_AS(of_length(length_target{.target = [](row const& r) { return r.answer; }}, 5, row{-3}), value_error);
}
