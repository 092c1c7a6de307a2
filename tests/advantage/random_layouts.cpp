#include <typeinfo>
#include "../catch.hpp"
#include "random_options.hpp"

using namespace layouts;
using namespace references;

namespace {

void compare(batch const& b, numbers const& in_double, numbers const& in_float, numbers const& expected,
             double bound_of_float) {
  REQUIRE(distance(b, in_double, expected) < 1e-10);
  REQUIRE(distance(b, in_float, expected) < bound_of_float);
}

}  // namespace

TEST_CASE("random layouts: each estimator with a critic is its formula, forward in time, with any steps invalid") {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    batch b = draw(seed, {.invalid = seed % 2 == 0});
    option_draws d(seed);
    each_with_critic(d, b, [&]<class E>(E const& e) {
      CAPTURE(seed, typeid(E).name());
      result expected = by_hand(e, b), in_double = run<double>(e, b, true), in_float = run<float>(e, b, true);
      compare(b, in_double.advantage, in_float.advantage, expected.advantage, 1e-5);
      compare(b, in_double.target, in_float.target, expected.target, 1e-5);
    });
  }
}

TEST_CASE("random layouts: monte_carlo without a critic is what was collected, with any steps invalid") {
  for (std::uint32_t seed = 1000; seed < 1300; ++seed) {
    CAPTURE(seed);
    batch b = draw(seed);
    option_draws d(seed);
    monte_carlo e{d.share(), d.coin(), d.invalid()};
    compare(b, run<double>(e, b, false).advantage, run<float>(e, b, false).advantage, by_hand(e, b, false).advantage,
            1e-5);
  }
}

TEST_CASE(
    "random layouts: each estimator that compares series is its formula, on ragged groups, with any steps invalid") {
  for (std::uint32_t seed = 2000; seed < 2400; ++seed) {
    batch b = draw(seed);
    option_draws d(seed);
    each_of_groups(d, b, [&]<class E>(E const& e) {
      CAPTURE(seed, typeid(E).name());
      compare(b, run<double>(e, b, false).advantage, run<float>(e, b, false).advantage, by_hand(e, b), 1e-4);
    });
  }
}
