#include <cohort/backend/partition.hpp>

#include "../catch.hpp"

using namespace cohort;

TEST_CASE("series: lanes are time-major, so that step t of lane n stands at t N + n") {
  constexpr auto s = partition::lanes(5, 3);
  STATIC_REQUIRE(s.is_lanes());
  STATIC_REQUIRE(s.count() == 3);
  STATIC_REQUIRE(s.steps() == 15);
  STATIC_REQUIRE(s.longest() == 5);
  for (std::ptrdiff_t n = 0; n < 3; ++n)
    for (std::ptrdiff_t t = 0; t < 5; ++t) {
      REQUIRE(s.length(n) == 5);
      REQUIRE(s.first(n) + t * s.stride() == t * 3 + n);
    }
}

TEST_CASE("series: segments follow one another from offset to offset, and may be empty") {
  static constexpr std::int32_t offsets[] = {0, 2, 2, 7};
  constexpr auto s = partition::segments(view<std::int32_t const>(offsets, 4), 7, 5);
  STATIC_REQUIRE(!s.is_lanes());
  STATIC_REQUIRE(s.count() == 3);
  STATIC_REQUIRE(s.steps() == 7);
  STATIC_REQUIRE(s.longest() == 5);
  STATIC_REQUIRE(s.stride() == 1);
  STATIC_REQUIRE(s.first(0) == 0);
  STATIC_REQUIRE(s.length(0) == 2);
  STATIC_REQUIRE(s.length(1) == 0);
  STATIC_REQUIRE(s.first(2) == 2);
  STATIC_REQUIRE(s.length(2) == 5);
}

TEST_CASE("series: a default one, lanes without steps and segments of one offset hold nothing") {
  STATIC_REQUIRE(partition().count() == 0);
  STATIC_REQUIRE(partition().steps() == 0);
  STATIC_REQUIRE(partition::lanes(0, 4).steps() == 0);
  STATIC_REQUIRE(partition::lanes(0, 4).length(2) == 0);
  static constexpr std::int32_t offset[] = {0};
  constexpr auto none = partition::segments(view<std::int32_t const>(offset, 1), 0, 0);
  STATIC_REQUIRE(none.count() == 0);
  STATIC_REQUIRE(none.steps() == 0);
}
