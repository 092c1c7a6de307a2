#include <cohort/objective/kl_penalty.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "../support/scalars.hpp"

using arrays::close;
using namespace cohort;
using scalars::plain;
using scalars::point;

namespace {

/// An estimator of one's own: the absolute log-ratio.
struct distance {
  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    return abs(logp - ref_logp);
  }
};

point at(double logp, double ref_logp) {
  point p;
  p.logp = logp;
  p.ref_logp = ref_logp;
  return p;
}

}  // namespace

TEST_CASE("kl_penalty: weight times its estimator of x = logp - ref_logp, with the estimator's derivative") {
  for (double x : {-1.5, -.25, 0., .5, 2.}) {
    point p = at(x - 1, -1);
    auto check = [&](auto const& o, double loss, double slope) {
      REQUIRE(close(plain(o(p)).value, loss, 1e-15, 1e-16));
      REQUIRE(close(scalars::partials(o, p)[0], slope, 1e-15, 1e-16));
    };
    check(kl_penalty{.estimator = k1{}, .weight = .5}, .5 * x, .5);
    check(kl_penalty{.estimator = k2{}, .weight = .5}, .25 * x * x, .5 * x);
    check(kl_penalty{.estimator = k3{}, .weight = .5}, .5 * (std::expm1(-x) + x), -.5 * std::expm1(-x));
    check(kl_penalty{.estimator = distance{}, .weight = .5}, .5 * std::abs(x), x == 0 ? 0 : x > 0 ? .5 : -.5);
  }
}

TEST_CASE("kl_penalty: without arguments it is GRPO's, k3 with weight 0.04") {
  STATIC_REQUIRE(std::is_same_v<decltype(kl_penalty{}), kl_penalty<k3>>);
  REQUIRE(kl_penalty{}.weight == .04);
}

TEMPLATE_LIST_TEST_CASE(
    "kl_penalty: every scalar agrees with double for each estimator, value and gradient, to 8 roundings", "",
    scalars::all) {
  auto points = scalars::exact_points();
  REQUIRE(scalars::disagreement<TestType>(kl_penalty{.estimator = k1{}, .weight = .3}, points) <= 8);
  REQUIRE(scalars::disagreement<TestType>(kl_penalty{.estimator = k2{}, .weight = .3}, points) <= 8);
  REQUIRE(scalars::disagreement<TestType>(kl_penalty{.estimator = k3{}, .weight = .3}, points) <= 8);
}

TEST_CASE("kl_penalty: duals equal five-point differences to 1e-9 for each estimator") {
  auto check = [](auto const& o) {
    for (point p : scalars::exact_points()) {
      auto exact = scalars::partials(o, p), difference = scalars::differences(o, p);
      for (int k = 0; k < 3; ++k) REQUIRE(close(difference[k], exact[k], 1e-9, 1e-11));
    }
  };
  check(kl_penalty{.estimator = k1{}, .weight = 1});
  check(kl_penalty{.estimator = k2{}, .weight = 1});
  check(kl_penalty{.estimator = k3{}, .weight = 1});
}

TEST_CASE("kl_penalty: loss and gradient of the reference implementation, to 1e-12", "[golden]") {
  auto t = golden::read("torch/objective.txt");
  for (std::size_t i = 0; i < golden::row(t, "kl_penalty").size(); ++i) {
    point p = at(golden::row(t, "logp")[i], golden::row(t, "ref_logp")[i]);
    REQUIRE(close(plain(kl_penalty{}(p)).value, golden::row(t, "kl_penalty")[i], 1e-12));
    REQUIRE(close(scalars::partials(kl_penalty{}, p)[0], golden::row(t, "kl_penalty/logp")[i], 1e-12));
  }
}

TEST_CASE("kl_penalty: reads logp and ref_logp, whatever its estimator") {
  STATIC_REQUIRE(terms_read_by(kl_penalty{}) == (needs::logp | needs::ref_logp));
  STATIC_REQUIRE(terms_read_by(kl_penalty<distance>{}) == (needs::logp | needs::ref_logp));
}
