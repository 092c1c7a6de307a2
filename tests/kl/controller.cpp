#include <cohort/kl/controller.hpp>
#include <limits>
#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

TEST_CASE(
    "proportional_kl: the weight follows the relative error, limited to a fifth either way, by the share of the "
    "horizon") {
  proportional_kl c{.weight = 1, .target = .1, .horizon = 100};
  c.update(.11, 50);
  REQUIRE(c.weight == Approx(1 + .1 * .5).epsilon(1e-14));
  c.weight = 1, c.update(5, 50);
  REQUIRE(c.weight == Approx(1.1).epsilon(1e-14));
  c.weight = 1, c.update(0, 50);
  REQUIRE(c.weight == Approx(.9).epsilon(1e-14));
  c.weight = 1, c.update(.1, 50);
  REQUIRE(c.weight == 1);
}

TEST_CASE("doubling_kl: twice above, half below, and nothing between target / 1.5 and target 1.5") {
  doubling_kl c{.weight = 1, .target = .01};
  c.update(.0151);
  REQUIRE(c.weight == 2);
  c.update(.0149), c.update(.0067);
  REQUIRE(c.weight == 2);
  c.update(.0066);
  REQUIRE(c.weight == 1);
}

TEST_CASE("controllers: a divergence that is no number, or a target that is none, is refused") {
  REQUIRE_THROWS_WITH(proportional_kl{}.update(std::numeric_limits<double>::quiet_NaN()),
                      ContainsSubstring("divergence") && ContainsSubstring("finite"));
  REQUIRE_THROWS_WITH(doubling_kl{.target = 0}.update(1), ContainsSubstring("target is 0"));
  REQUIRE_THROWS_WITH(proportional_kl{.horizon = 0}.update(1), ContainsSubstring("horizon is 0"));
  fixed_kl f{.weight = .5};
  f.update(100);
  REQUIRE(f.weight == .5);
}
