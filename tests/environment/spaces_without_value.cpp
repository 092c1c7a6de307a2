#include <cohort/environment/space.hpp>
#include <limits>

#include "../catch.hpp"

using namespace cohort;
using detail::has_a_value;

TEST_CASE("spaces: one without a value is told from one with equal or infinite bounds") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  STATIC_REQUIRE(has_a_value(box<2>{{-1, 3}, {1, 3}}));
  STATIC_REQUIRE(has_a_value(box<1>{{-inf}, {inf}}));
  STATIC_REQUIRE(!has_a_value(box<1>{{1}, {-1}}));
  STATIC_REQUIRE(!has_a_value(box<2>{{0, 0}, {1, nan}}));
  STATIC_REQUIRE(!has_a_value(box<1>{{inf}, {inf}}));
  STATIC_REQUIRE(!has_a_value(box<1>{{-inf}, {-inf}}));
  STATIC_REQUIRE(has_a_value(discrete{1}));
  STATIC_REQUIRE(!has_a_value(discrete{0}));
  STATIC_REQUIRE(has_a_value(multi_discrete{1, 2}));
  STATIC_REQUIRE(!has_a_value(multi_discrete{3, 0}));
  STATIC_REQUIRE(has_a_value(binary<1>{}));
}
