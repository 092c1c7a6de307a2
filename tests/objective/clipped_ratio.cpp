#include <cohort/objective/clipped_ratio.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "../support/scalars.hpp"

using arrays::close;
using cohort::clipped_ratio;
using scalars::partials;
using scalars::plain;
using scalars::point;

namespace {

point at(double ratio, double advantage) {
  point p;
  p.old_logp = -1.25;
  p.logp = -1.25 + std::log(ratio);
  p.advantage = advantage;
  return p;
}
double loss(clipped_ratio const& o, point const& p) { return plain(o(p)).value; }
double slope(clipped_ratio const& o, point const& p) { return partials(o, p)[0]; }

constexpr double rounding = 1e-14;  // of exp(log(ratio)), a handful of operations

}  // namespace

TEST_CASE("clipped_ratio: inside the clip its loss and its gradient are those of the plain ratio, -r A") {
  for (double ratio : {.81, .95, 1., 1.1, 1.19})
    for (double advantage : {-3., -.1, .1, 2.}) {
      REQUIRE(close(loss({}, at(ratio, advantage)), -ratio * advantage, rounding));
      REQUIRE(close(slope({}, at(ratio, advantage)), -ratio * advantage, rounding));
    }
}

TEST_CASE("clipped_ratio: no gradient once the ratio has left the clip in the advantage's direction") {
  for (double ratio : {1.21, 2., 50.}) {
    REQUIRE(close(loss({}, at(ratio, 2)), -1.2 * 2, rounding));
    REQUIRE(slope({}, at(ratio, 2)) == 0);
  }
  for (double ratio : {.79, .5, .01}) {
    REQUIRE(close(loss({}, at(ratio, -2)), .8 * 2, rounding));
    REQUIRE(slope({}, at(ratio, -2)) == 0);
  }
}

TEST_CASE("clipped_ratio: outside the clip against the advantage's direction it keeps the plain ratio's gradient") {
  for (double ratio : {1.21, 2., 50.}) {
    REQUIRE(close(loss({}, at(ratio, -2)), 2 * ratio, rounding));
    REQUIRE(close(slope({}, at(ratio, -2)), 2 * ratio, rounding));
  }
  for (double ratio : {.79, .5, .01}) {
    REQUIRE(close(loss({}, at(ratio, 2)), -2 * ratio, rounding));
    REQUIRE(close(slope({}, at(ratio, 2)), -2 * ratio, rounding));
  }
}

TEST_CASE("clipped_ratio: on an edge of the clip the gradient is one of the two one-sided derivatives") {
  // The edge is moved to the ratio, since exp(log(1.2)) need not be 1 + 0.2: 1 - (1 - ratio) is exact here.
  for (double advantage : {-2., 2.})
    for (double old : {-.25, .25}) {
      point p;
      p.old_logp = old;
      p.advantage = advantage;
      double ratio = std::exp(-old);
      clipped_ratio o =
          ratio < 1 ? clipped_ratio{.epsilon = 1 - ratio} : clipped_ratio{.epsilon = .2, .epsilon_high = ratio - 1};
      double found = slope(o, p);
      REQUIRE((found == 0 || close(found, -advantage * ratio, rounding)));
      REQUIRE(close(loss(o, p), -advantage * ratio, rounding));
    }
}

TEST_CASE("clipped_ratio: epsilon_high is the upper edge alone, and epsilon where it is not given") {
  clipped_ratio higher{.epsilon = .2, .epsilon_high = .28};
  REQUIRE(close(loss(higher, at(1.25, 1)), -1.25, rounding));
  REQUIRE(close(loss(higher, at(1.3, 1)), -1.28, rounding));
  REQUIRE(close(loss(higher, at(.7, -1)), .8, rounding));
  REQUIRE(clipped_ratio{.epsilon = .1}.epsilon_high == .1);
}

TEST_CASE(
    "clipped_ratio: the log-ratio is clamped to 20, so loss and gradient are finite however far the policy has moved") {
  point p;
  p.advantage = -2;
  for (double far : {20.5, 100., 1e30}) {
    p.logp = far;
    REQUIRE(close(loss({}, p), 2 * std::exp(20.), rounding));
    REQUIRE(slope({}, p) == 0);
  }
  p.advantage = 2;
  p.logp = -1e30;
  REQUIRE(close(loss({}, p), -2 * std::exp(-20.), rounding));
  REQUIRE(slope({}, p) == 0);
}

TEMPLATE_LIST_TEST_CASE("clipped_ratio: every scalar agrees with double, value and gradient, to 16 roundings", "",
                        scalars::all) {
  REQUIRE(scalars::disagreement<TestType>(clipped_ratio{.epsilon = .2, .epsilon_high = .28}, scalars::exact_points()) <=
          16);
}

TEST_CASE("clipped_ratio: off the edges, duals equal five-point differences to 1e-9") {
  clipped_ratio o{.epsilon = .2, .epsilon_high = .28};
  int compared = 0;
  for (point p : scalars::exact_points()) {
    double ratio = std::exp(p.logp.value - p.old_logp.value);
    if (std::abs(ratio - .8) < .01 || std::abs(ratio - 1.28) < .01)
      continue;  // a difference reaches 0.002 in the log-ratio
    auto exact = partials(o, p), difference = scalars::differences(o, p);
    for (int k = 0; k < 3; ++k) REQUIRE(close(difference[k], exact[k], 1e-9, 1e-11));
    ++compared;
  }
  REQUIRE(compared > 150);
}

TEST_CASE("clipped_ratio: loss and gradient of the reference implementation, to 1e-12", "[golden]") {
  auto t = golden::read("torch/objective.txt");
  for (auto [name, o] : {std::pair{"clipped_ratio", clipped_ratio{}},
                         std::pair{"clipped_ratio_high", clipped_ratio{.epsilon = .2, .epsilon_high = .28}}})
    for (std::size_t i = 0; i < golden::row(t, name).size(); ++i) {
      point p;
      p.old_logp = golden::row(t, "old_logp")[i];
      p.logp = golden::row(t, "logp")[i];
      p.advantage = golden::row(t, "advantage")[i];
      REQUIRE(close(loss(o, p), golden::row(t, name)[i], 1e-12));
      REQUIRE(close(slope(o, p), golden::row(t, std::string(name) + "/logp")[i], 1e-12));
    }
}

TEST_CASE("clipped_ratio: reads logp, old_logp and advantage") {
  namespace needs = cohort::needs;
  STATIC_REQUIRE(cohort::terms_read_by(clipped_ratio{}) == (needs::logp | needs::old_logp | needs::advantage));
}
