#include <cohort/language/reward/summary.hpp>
#include "../../catch.hpp"

using namespace cohort;

namespace {
constexpr double absent = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("reward_summary: mean and standard deviation of the total and of each part, over those that are present") {
  reward_summary<2> summary;
  summary.add({.total = 4, .parts = {1, absent}});
  summary.add({.total = 1, .parts = {0, 3}});
  summary.add({.total = absent, .parts = {absent, absent}});
  summary.add({.total = 1, .parts = {.5, absent}});
  REQUIRE(summary.total().count == 3);
  REQUIRE(summary.total().mean == Approx(2).epsilon(1e-15));
  REQUIRE(summary.total().deviation == Approx(std::sqrt(3.)).epsilon(1e-15));  // (4 + 1 + 1) / (3 - 1)
  REQUIRE(summary.part(0).mean == .5);
  REQUIRE(summary.part(0).deviation == Approx(.5).epsilon(1e-15));
  REQUIRE(summary.part(1).count == 1);
  REQUIRE(summary.part(1).mean == 3);
  REQUIRE(std::isnan(summary.part(1).deviation));
}

TEST_CASE("reward_summary: without anything present there is no mean") {
  reward_summary<1> summary;
  summary.add({.total = absent, .parts = {absent}});
  REQUIRE(summary.total().count == 0);
  REQUIRE(std::isnan(summary.total().mean));
  REQUIRE(std::isnan(summary.part(0).mean));
}

TEST_CASE("reward_summary: a large mean costs the deviation no digits") {
  reward_summary<1> summary;
  for (int i = 0; i < 1000; ++i) summary.add({.total = 1e9 + i % 2, .parts = {0}});
  REQUIRE(summary.total().deviation == Approx(std::sqrt(250. / 999)).epsilon(1e-7));
}
