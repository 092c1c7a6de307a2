#include <cohort/objective/entropy_bonus.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "../support/scalars.hpp"

using arrays::close;
using cohort::entropy_bonus;
using scalars::plain;
using scalars::point;

TEST_CASE("entropy_bonus: minus weight times the entropy, of either sign, with the constant gradient -weight") {
  for (double weight : {0., .01, 2.})
    for (double entropy : {-1.5, 0., .69}) {
      point p;
      p.entropy = entropy;
      entropy_bonus o{.weight = weight};
      REQUIRE(plain(o(p)).value == -weight * entropy);
      REQUIRE(scalars::partials(o, p) == std::array{0., -weight, 0.});
      REQUIRE(close(scalars::differences(o, p)[1], -weight, 1e-9, 1e-12));
    }
}

TEMPLATE_LIST_TEST_CASE("entropy_bonus: every scalar agrees with double, value and gradient, to 2 roundings", "",
                        scalars::all) {
  REQUIRE(scalars::disagreement<TestType>(entropy_bonus{.weight = .3}, scalars::exact_points()) <= 2);
}

TEST_CASE("entropy_bonus: loss and gradient of the reference implementation, to 1e-12", "[golden]") {
  auto t = golden::read("torch/objective.txt");
  for (std::size_t i = 0; i < golden::row(t, "entropy_bonus").size(); ++i) {
    point p;
    p.entropy = golden::row(t, "entropy")[i];
    REQUIRE(close(plain(entropy_bonus{}(p)).value, golden::row(t, "entropy_bonus")[i], 1e-12));
    REQUIRE(close(scalars::partials(entropy_bonus{}, p)[1], golden::row(t, "entropy_bonus/entropy")[i], 1e-12));
  }
}

TEST_CASE("entropy_bonus: reads the entropy alone") {
  STATIC_REQUIRE(cohort::terms_read_by(entropy_bonus{}) == cohort::needs::entropy);
}
