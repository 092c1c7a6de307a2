#include "../catch.hpp"
#include "../support/scalars.hpp"
#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/value_loss.hpp>

// Every objective of steps over a grid: differences, scalars, edges.

using namespace cohort;
using arrays::close;
using scalars::plain;
using scalars::point;

namespace {

point step_at(double log_ratio, double advantage, double old_logp = -1.5) {
  point p{};
  p.old_logp = old_logp, p.sampler_logp = old_logp - .05, p.logp = old_logp + log_ratio, p.ref_logp = old_logp + .4 * log_ratio - .1;
  p.advantage = advantage, p.entropy = .7, p.value = 1.3 + advantage, p.old_value = 1.13, p.target = .9;
  return p;
}
/// Both signs of the advantage, huge ones and none; ratios inside, outside and near each edge, and |log ratio| up to 30.
std::vector<point> grid() {
  std::vector<point> points;
  for (double A : {-1e3, -2., -.3, 0., .4, 1.7, 1e3})
    for (double x : {-30., -21., -19., -3., -.9, -.5, -.2231, -.2, -.01, 0.013, .1, .2468, .27, .6, 1.2, 2.5, 19., 21., 30.})
      for (double old : {-35., -1.5}) points.push_back(step_at(x, A, old));
  return points;
}

/// f(every objective of steps).
template <class F>
void each_objective(F f) {
  f(policy_gradient{}), f(importance_ratio{}), f(positive_likelihood{.threshold = .1}), f(log_likelihood{});
  f(clipped_ratio{}), f(clipped_ratio{.epsilon = .2, .epsilon_high = .28}), f(dual_clip{}), f(two_sided_clip{.delta = 1.5});
  f(cispo{}), f(cispo{.low = .8, .high = 1.28}), f(sapo{}), f(dro{}), f(log_ratio_distance{.weight = .3});
  f(dppo_tv{}), f(dppo_kl{}), f(prime_rl_loss{}), f(prime_rl_loss{.low = .1, .high = .1, .symmetric = true});
  f(value_loss{}), f(clipped_value_loss{}), f(clipped_value_loss{.rule = value_clip::clipped}), f(huber_value_loss{.delta = .75});
  f(entropy_bonus{});
}

}  // namespace

TEST_CASE("step objectives: finite for every finite input, with finite derivatives") {
  each_objective([](auto const& o) {
    for (auto const& p : grid()) {
      REQUIRE(std::isfinite(plain(o(p)).value));
      for (double x : scalars::partials(o, p)) REQUIRE(std::isfinite(x));
    }
  });
}

TEST_CASE("step objectives: duals equal five-point differences to 1e-9, but where a stop-gradient says otherwise") {
  auto check = [](auto const& o) {
    for (auto const& p : grid()) {
      if (std::abs((p.logp - p.old_logp).value) > 19.5 && std::abs((p.logp - p.old_logp).value) < 20.5) continue;
      auto found = scalars::partials(o, p), expected = scalars::differences(o, p, 2e-4);
      double size = std::max(1., std::abs(plain(o(p)).value));
      for (int k = 0; k < 3; ++k) REQUIRE(close(found[k], expected[k], 1e-9, 2e-10 * size / 2e-2));
    }
  };
  check(policy_gradient{}), check(positive_likelihood{.threshold = .1}), check(log_likelihood{});
  check(dro{}), check(log_ratio_distance{.weight = .3}), check(value_loss{}), check(huber_value_loss{.delta = .75}), check(entropy_bonus{});
  check(clipped_value_loss{}), check(clipped_value_loss{.rule = value_clip::clipped});
  auto of_moderate = [](auto const& o) {
    for (auto const& p : grid()) {
      double x = (p.logp - p.old_logp).value;
      if (std::abs(x) > 5 || std::abs(x + .2231) < 1e-3 || std::abs(x - .2468) < 1e-3) continue;  // off the clamp and the edges
      auto found = scalars::partials(o, p), expected = scalars::differences(o, p, 2e-4);
      double size = std::max(1., std::abs(plain(o(p)).value));
      REQUIRE(close(found[0], expected[0], 1e-9, 1e-8 * size));
    }
  };
  of_moderate(importance_ratio{}), of_moderate(clipped_ratio{}), of_moderate(dual_clip{}), of_moderate(two_sided_clip{.delta = 1.5}), of_moderate(sapo{});
  of_moderate(clipped_ratio{} + .3 * kl_penalty{.estimator = k3{}} + dro{.beta = .1} + sapo{});
}

TEST_CASE("step objectives: on an edge of a clip the gradient is one of the one-sided ones") {
  auto check = [](auto const& o) {
    for (double A : {-2., 2.})
      for (double edge : {.8, 1.28, 1.5, 3.}) {
        auto slope_at = [&](double ratio) { return scalars::partials(o, step_at(std::log(ratio), A))[0]; };
        double on = slope_at(edge), below = slope_at(edge * (1 - 1e-12)), above = slope_at(edge * (1 + 1e-12));
        REQUIRE((close(on, below, 1e-9, 1e-9) || close(on, above, 1e-9, 1e-9)));
      }
  };
  check(clipped_ratio{.epsilon = .2, .epsilon_high = .28}), check(dual_clip{.epsilon = .2, .epsilon_high = .28});
  check(two_sided_clip{.epsilon = .2, .epsilon_high = .28, .delta = 1.5}), check(cispo{.low = .8, .high = 1.28});
}

TEST_CASE("step objectives: the gradient that a stop-gradient leaves is the weight times that of logp") {
  for (auto const& p : grid()) {
    double ratio = std::exp(std::clamp((p.logp - p.old_logp).value, -20., 20.)), A = p.advantage.value;
    REQUIRE(close(scalars::partials(cispo{.low = .8, .high = 1.28}, p)[0], -std::clamp(ratio, .8, 1.28) * A, 1e-12, 1e-14));
    double moved = std::exp(p.logp.value) - std::exp(p.old_logp.value);
    bool keep = A > 0 ? moved <= .2 : moved >= -.2;
    REQUIRE(close(scalars::partials(dppo_tv{}, p)[0], keep ? -std::min(ratio, 20.) * A : 0, 1e-12, 1e-14));
  }
}

TEST_CASE("cispo: a clipped step keeps its gradient, which a differentiated clamp would take") {
  CHECK(scalars::partials(cispo{.low = 0, .high = 2}, step_at(1.5, 1))[0] == Approx(-2));
  CHECK(scalars::partials(clipped_ratio{}, step_at(1.5, 1))[0] == 0);
}

TEST_CASE("sapo: on policy its gradient is the plain ratio's, and its loss -2 A / tau") {
  for (double A : {2., -2.}) {
    double tau = A > 0 ? 1 : 1.05;
    CHECK(scalars::partials(sapo{}, step_at(0, A))[0] == Approx(-A).epsilon(1e-13));
    CHECK(plain(sapo{}(step_at(0, A))).value == Approx(-2 * A / tau).epsilon(1e-13));
  }
}

TEST_CASE("dual_clip and two_sided_clip: one objective, by two formulas") {
  for (auto const& p : grid()) {
    dual_clip one{.epsilon = .2, .epsilon_high = .28, .c = 3};
    two_sided_clip two{.epsilon = .2, .epsilon_high = .28, .delta = 3};
    REQUIRE(close(plain(one(p)).value, plain(two(p)).value, 1e-14, 1e-14));
    REQUIRE(close(scalars::partials(one, p)[0], scalars::partials(two, p)[0], 1e-14, 1e-14));
  }
}

TEST_CASE("clipped_value_loss: the two rules part where the prediction has left the clip towards the target") {
  point p = step_at(0, 0);
  p.old_value = 0, p.value = 1, p.target = 2;  // the clip holds it at 0.2, an error of 1.8
  CHECK(plain(clipped_value_loss{.weight = 1}(p)).value == Approx(1.8 * 1.8));
  CHECK(scalars::partials(clipped_value_loss{.weight = 1}, p)[2] == 0);
  p.target = -1;  // away from the target the free error is larger
  CHECK(scalars::partials(clipped_value_loss{.weight = 1}, p)[2] == Approx(4));
  CHECK(scalars::partials(clipped_value_loss{.weight = 1, .rule = value_clip::clipped}, p)[2] == 0);
}

TEMPLATE_LIST_TEST_CASE("step objectives: every scalar agrees with double", "", scalars::all) {
  each_objective([](auto const& o) { REQUIRE(scalars::disagreement<TestType>(o, scalars::exact_points()) < 4e4); });
}

TEST_CASE("step objectives: what they read is what changes them") {
  STATIC_REQUIRE(terms_read_by(policy_gradient{}) == (reads::logp | reads::advantage));
  STATIC_REQUIRE(terms_read_by(cispo{}) == (reads::logp | reads::old_logp | reads::advantage));
  STATIC_REQUIRE(terms_read_by(prime_rl_loss{}) == (reads::logp | reads::sampler_logp | reads::advantage));
  STATIC_REQUIRE(terms_read_by(clipped_value_loss{}) == (reads::value | reads::old_value | reads::target));
  STATIC_REQUIRE(terms_read_by(huber_value_loss{}) == (reads::value | reads::target));
  STATIC_REQUIRE(terms_read_by(log_likelihood{}) == reads::logp);
}

TEST_CASE("the unified paradigm: gradient coefficients of SFT, rejection fine-tuning, PPO and GRPO are those of DeepSeekMath's table") {
  for (double A : {-1.5, .8})
    for (double x : {0., -.1, .15}) {
      point p = step_at(x, A);
      double ratio = std::exp(x), to_ref = std::exp((p.ref_logp - p.logp).value);
      auto coefficient = [&](auto const& o) { return -scalars::partials(o, p)[0]; };
      CHECK(coefficient(log_likelihood{}) == 1);
      CHECK(coefficient(positive_likelihood{}) == (A > 0));
      CHECK(coefficient(policy_gradient{}) == Approx(A).epsilon(1e-14));
      CHECK(coefficient(importance_ratio{}) == Approx(ratio * A).epsilon(1e-13));
      // GRPO without its clip: A + beta (pi_ref / pi - 1) on policy
      if (x == 0) CHECK(coefficient(importance_ratio{} + kl_penalty{.weight = .04}) == Approx(A + .04 * (to_ref - 1)).epsilon(1e-12));
    }
}
