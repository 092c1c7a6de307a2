#include <cohort/objective/value_loss.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "../support/scalars.hpp"

using arrays::close;
using cohort::value_loss;
using scalars::plain;
using scalars::point;

TEST_CASE("value_loss: weight times the squared error, without a half, and its gradient") {
  for (double weight : {0., .25, .5, 3.})
    for (double value : {-2., 0., 1.5})
      for (double target : {-1., 1.5}) {
        point p;
        p.value = value;
        p.target = target;
        value_loss o{.weight = weight};
        REQUIRE(close(plain(o(p)).value, weight * (value - target) * (value - target), 1e-15));
        auto [logp, entropy, slope] = scalars::partials(o, p);
        REQUIRE(close(slope, 2 * weight * (value - target), 1e-15));
        REQUIRE(logp == 0);
        REQUIRE(entropy == 0);
      }
}

TEMPLATE_LIST_TEST_CASE("value_loss: every scalar agrees with double, value and gradient, to 4 roundings", "",
                        scalars::all) {
  REQUIRE(scalars::disagreement<TestType>(value_loss{.weight = .3}, scalars::exact_points()) <= 4);
}

TEST_CASE("value_loss: duals equal five-point differences to 1e-9") {
  for (point p : scalars::exact_points()) {
    auto exact = scalars::partials(value_loss{}, p), difference = scalars::differences(value_loss{}, p);
    for (int k = 0; k < 3; ++k) REQUIRE(close(difference[k], exact[k], 1e-9, 1e-11));
  }
}

TEST_CASE("value_loss: loss and gradient of the reference implementation, to 1e-12", "[golden]") {
  auto t = golden::read("torch/objective.txt");
  for (std::size_t i = 0; i < golden::row(t, "value_loss").size(); ++i) {
    point p;
    p.value = golden::row(t, "value")[i];
    p.target = golden::row(t, "target")[i];
    REQUIRE(close(plain(value_loss{}(p)).value, golden::row(t, "value_loss")[i], 1e-12));
    REQUIRE(close(scalars::partials(value_loss{}, p)[2], golden::row(t, "value_loss/value")[i], 1e-12));
  }
}

TEST_CASE("value_loss: reads value and target") {
  STATIC_REQUIRE(cohort::terms_read_by(value_loss{}) == (cohort::needs::value | cohort::needs::target));
}
