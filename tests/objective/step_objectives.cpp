#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/value_loss.hpp>
#include "grid.hpp"

// Every objective of steps over a grid: differences, scalars, edges, and where something is infinite.

using namespace cohort;
using arrays::close;
using grid::step;
using scalars::partials;
using scalars::plain;
using scalars::point;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// f(every objective of steps).
template <class F>
void each_objective(F f) {
  f(policy_gradient{}), f(importance_ratio{}), f(positive_likelihood{.threshold = .1}), f(log_likelihood{});
  f(clipped_ratio{}), f(clipped_ratio{.epsilon = .2, .epsilon_high = .28}), f(dual_clip{}),
      f(two_sided_clip{.delta = 1.5});
  f(cispo{}), f(cispo{.low = .8, .high = 1.28}), f(dro{}), f(log_ratio_distance{.weight = .3});
  f(dppo_tv{}), f(dppo_kl{}), f(prime_rl_loss{}), f(prime_rl_loss{.low = .1, .high = .1, .symmetric = true});
  f(value_loss{}), f(clipped_value_loss{}), f(clipped_value_loss{.rule = value_clip::clipped});
  f(value_loss{.distance = absolute_error{}}), f(value_loss{.distance = huber_error{.delta = .75}}),
      f(clipped_value_loss{.distance = huber_error{.delta = .75}});
  f(entropy_bonus{});
}

double loss(auto const& o, point const& p) { return plain(o(p)).value; }
double slope(auto const& o, point const& p) { return partials(o, p)[0]; }

}  // namespace

TEST_CASE("step objectives: finite at every step of the grid and for advantages of 1e200, with finite derivatives") {
  auto points = grid::steps();
  for (double A : {-1e200, 1e200})
    for (double x : {-30., -.1, .1, 30.}) {
      points.push_back(step(x, A));
      points.back().value = 0;
    }
  auto check = [&](auto const& o) {
    for (auto const& p : points) {
      REQUIRE(std::isfinite(loss(o, p)));
      for (double x : partials(o, p)) REQUIRE(std::isfinite(x));
    }
  };
  each_objective(check), check(sapo{});
}

TEST_CASE("step objectives: an advantage of 0 has loss 0 and no gradient, for every logp") {
  auto check = [](auto const& o) {
    for (double x : {-infinite, -30., -.5, 0., .1, 1.5, 30.}) {
      REQUIRE(loss(o, step(x, 0)) == 0);
      REQUIRE(slope(o, step(x, 0)) == 0);
    }
  };
  check(policy_gradient{}), check(importance_ratio{}), check(positive_likelihood{}), check(clipped_ratio{}),
      check(dual_clip{}), check(two_sided_clip{});
  check(cispo{}), check(cispo{.low = .8, .high = 1.28}), check(sapo{}), check(dppo_tv{}), check(dppo_kl{}),
      check(prime_rl_loss{.weight = 0});
}

TEST_CASE(
    "step objectives: of an action that has become impossible, ratios are e^-20 without a gradient, and likelihoods "
    "infinite with a finite one") {
  double least = std::exp(-20.);
  for (double A : {-2., 3.}) {
    point p = step(-infinite, A);
    auto is = [&](auto const& o, double expected, double expected_slope) {
      REQUIRE(close(loss(o, p), expected, 1e-14));
      REQUIRE(close(slope(o, p), expected_slope, 1e-14));
    };
    auto is_infinite = [&](auto const& o, double sign, double expected_slope) {
      REQUIRE(loss(o, p) == sign * infinite);
      REQUIRE((slope(o, p) == expected_slope || close(slope(o, p), expected_slope, 1e-14)));
    };
    double sign = A > 0 ? 1 : -1, gate = 1 / (1 + std::exp((A > 0 ? 1 : 1.05) * (1 - least)));
    is(importance_ratio{}, -least * A, 0);
    is(clipped_ratio{}, -(A > 0 ? least : .8) * A, 0), is(dual_clip{}, -(A > 0 ? least : .8) * A, 0),
        is(two_sided_clip{}, -(A > 0 ? least : .8) * A, 0);
    is(sapo{}, -A * 4 / (A > 0 ? 1 : 1.05) * gate, 0);
    is_infinite(policy_gradient{}, sign, -A), is_infinite(log_likelihood{}, 1, -1);
    is_infinite(cispo{}, sign, -least * A), is_infinite(cispo{.low = .8, .high = 1.28}, sign, -.8 * A);
    is_infinite(dro{}, 1, -infinite), is_infinite(log_ratio_distance{.weight = .3}, 1, -.3),
        is_infinite(prime_rl_loss{}, 1, -infinite);
    if (A > 0)
      is_infinite(positive_likelihood{}, 1, -1), is_infinite(dppo_tv{}, 1, -least * A),
          is_infinite(dppo_kl{}, 1, -least * A);
    else is(positive_likelihood{}, 0, 0), is(dppo_tv{.low = .1}, 0, 0), is(dppo_kl{}, 0, 0);  // it has moved too far
    is(prime_rl_loss{.low = .1, .weight = 0}, A > 0 ? -least * A : 0, 0);
  }
}

TEST_CASE("step objectives: duals equal five-point differences to 1e-9 on the whole grid, off the edges") {
  auto everywhere = [](point const& p) { return grid::off_the_clamp(p); };
  auto points = grid::steps();
  auto all_of = [&](auto const& o) { REQUIRE(grid::compare_differences(o, points, everywhere) == int(points.size())); };
  all_of(policy_gradient{}), all_of(importance_ratio{}), all_of(positive_likelihood{.threshold = .1}),
      all_of(log_likelihood{});
  all_of(clipped_ratio{}), all_of(clipped_ratio{.epsilon = .2, .epsilon_high = .28}), all_of(dual_clip{}),
      all_of(two_sided_clip{.delta = 1.5});
  all_of(sapo{}), all_of(dro{}), all_of(log_ratio_distance{.weight = .3}), all_of(entropy_bonus{});
  auto off_the_bounds = [](double bound) {
    return [bound](point const& p) {
      double moved = std::exp(p.logp.value) - std::exp(p.sampler_logp.value),
             x = std::abs((p.logp - p.sampler_logp).value);
      return std::abs(std::abs(moved) - bound) > .005 && std::abs(x - 20) > .01;
    };
  };
  REQUIRE(grid::compare_differences(prime_rl_loss{}, points, off_the_bounds(.2)) > 500);
  REQUIRE(grid::compare_differences(prime_rl_loss{.low = .1, .high = .1, .symmetric = true}, points,
                                    off_the_bounds(.1)) > 500);
}

TEST_CASE(
    "step objectives: those of values equal five-point differences to 1e-9 on a grid of predictions, off the edges") {
  std::vector<point> points;
  for (double value : {-40., -2.03, -.71, -.07, .13, .47, 1.6, 40.})
    for (double old : {-3., 0., .35, 2.})
      for (double target : {-1.9, .25, 3.1}) {
        points.push_back(step(.1, 1));
        points.back().value = value, points.back().old_value = old, points.back().target = target;
      }
  auto everywhere = [](point const&) { return true; };
  auto check = [&](auto const& o) { REQUIRE(grid::compare_differences(o, points, everywhere) == 96); };
  auto with_each_rule = [&](auto const& distance) {
    check(value_loss{.weight = .5, .distance = distance});
    for (value_clip rule : {value_clip::larger_error, value_clip::clipped})
      check(clipped_value_loss{.weight = .5, .clip = .3, .rule = rule, .distance = distance});
  };
  with_each_rule(squared_error{}), with_each_rule(absolute_error{}), with_each_rule(huber_error{.delta = .8});
}

TEST_CASE("step objectives: on an edge of a clip the gradient is one of the one-sided ones") {
  // The edge is moved to the ratio, since exp(log(1.28)) need not be 1.28: 1 - (1 - ratio) is exact here.
  for (double A : {-2., 2.}) {
    double high = std::exp(.25), low = std::exp(-.25), far = std::exp(1.25);
    point up = step(.25, A, -.25), down = step(-.25, A, -.5), up_far = step(1.25, A, -1.25);
    for (point const& p : {up, down}) {
      grid::require_one_sided(clipped_ratio{.epsilon = 1 - low, .epsilon_high = high - 1}, p);
      grid::require_one_sided(dual_clip{.epsilon = 1 - low, .epsilon_high = high - 1}, p);
      grid::require_one_sided(two_sided_clip{.epsilon = 1 - low, .epsilon_high = high - 1}, p);
      grid::require_one_sided(cispo{.low = low, .high = high}, p);
      grid::require_one_sided(dppo_tv{.low = std::abs(std::exp(p.logp.value) - std::exp(p.old_logp.value)),
                                      .high = std::abs(std::exp(p.logp.value) - std::exp(p.old_logp.value))},
                              p);
    }
    grid::require_one_sided(dual_clip{.c = far}, up_far);
    grid::require_one_sided(two_sided_clip{.delta = far}, up_far);
  }
}

TEST_CASE("step objectives: the gradient that a stop-gradient leaves is the weight times that of logp") {
  for (auto const& p : grid::steps()) {
    double x = (p.logp - p.old_logp).value, ratio = std::exp(std::clamp(x, -20., 20.)), A = p.advantage.value;
    REQUIRE(close(slope(cispo{.low = .8, .high = 1.28}, p), -std::clamp(ratio, .8, 1.28) * A, 1e-12));
    REQUIRE(close(slope(cispo{}, p), -std::min(ratio, 5.) * A, 1e-12));
    double now = std::exp(p.logp.value), old = std::exp(p.old_logp.value);
    bool keep = A > 0 ? now - old <= .2 : now - old >= -.2;
    REQUIRE(close(slope(dppo_tv{}, p), keep ? -std::min(ratio, 20.) * A : 0, 1e-12));
    double kl = -old * x + (1 - old) * std::log((1 - old + 1e-8) / (1 - now + 1e-8));
    bool near = kl <= .05 || (A > 0 ? now <= old : now >= old);
    REQUIRE(close(slope(dppo_kl{}, p), near ? -std::min(ratio, 20.) * A : 0, 1e-12));
  }
}

TEST_CASE(
    "dppo_tv, dppo_kl: the grid has steps that they drop and steps that they keep, for both signs of the advantage") {
  int dropped[2][2] = {}, kept[2][2] = {};
  for (auto const& p : grid::steps())
    if (double A = p.advantage.value; A != 0) {
      bool tv = slope(dppo_tv{}, p) != 0, kl = slope(dppo_kl{}, p) != 0;
      ++(tv ? kept : dropped)[0][A > 0], ++(kl ? kept : dropped)[1][A > 0];
    }
  for (int which : {0, 1})
    for (int sign : {0, 1}) CHECK((dropped[which][sign] > 5 && kept[which][sign] > 5));
}

TEST_CASE("dppo_kl: a probability that rounding has put above 1 counts as 1") {
  point above = step(0, 1, 1e-7), one = step(0, 1, 0);
  above.logp = 2e-7;
  REQUIRE(slope(dppo_kl{}, above) != 0);
  REQUIRE(close(slope(dppo_kl{}, above), slope(dppo_kl{}, one), 1e-6));
}

TEST_CASE("cispo: a clipped step keeps its gradient, which a differentiated clamp would take") {
  REQUIRE(close(slope(cispo{.low = 0, .high = 2}, step(1.5, 1)), -2, 1e-14));
  REQUIRE(slope(clipped_ratio{}, step(1.5, 1)) == 0);
}

TEST_CASE("sapo: on policy its gradient is the plain ratio's, and its loss -2 A / tau") {
  for (double A : {2., -2.}) {
    REQUIRE(close(slope(sapo{}, step(0, A)), -A, 1e-14));
    REQUIRE(close(loss(sapo{}, step(0, A)), -2 * A / (A > 0 ? 1 : 1.05), 1e-14));
  }
}

TEST_CASE("dual_clip and two_sided_clip: one objective, by two formulas") {
  for (auto const& p : grid::steps()) {
    dual_clip one{.epsilon = .2, .epsilon_high = .28, .c = 3};
    two_sided_clip two{.epsilon = .2, .epsilon_high = .28, .delta = 3};
    REQUIRE(close(loss(one, p), loss(two, p), 1e-14));
    REQUIRE(close(slope(one, p), slope(two, p), 1e-14));
  }
}

TEST_CASE("clipped_value_loss: the two rules part where the prediction has left the clip towards the target") {
  point p = step(0, 0);
  p.old_value = 0, p.value = 1, p.target = 2;  // the clip holds it at 0.2, an error of 1.8
  REQUIRE(close(loss(clipped_value_loss{.weight = 1}, p), 1.8 * 1.8, 1e-14));
  REQUIRE(partials(clipped_value_loss{.weight = 1}, p)[2] == 0);
  p.target = -1;  // away from the target the free error is larger
  REQUIRE(close(partials(clipped_value_loss{.weight = 1}, p)[2], 4, 1e-14));
  REQUIRE(partials(clipped_value_loss{.weight = 1, .rule = value_clip::clipped}, p)[2] == 0);
}

TEST_CASE(
    "value distances: absolute_error pulls alike everywhere and not at 0; huber_error is quadratic up to delta and a "
    "line beyond") {
  for (double e : {-7., -1.5, -.25, 0., .5, 1.5, 30.}) {
    point p = step(0, 0);
    p.value = 4 + e, p.target = 4;
    double sign = e > 0 ? 1 : e < 0 ? -1 : 0, far = std::abs(e);
    value_loss l1{.weight = .3, .distance = absolute_error{}};
    REQUIRE(close(loss(l1, p), .3 * far, 1e-15));
    REQUIRE(partials(l1, p)[2] == .3 * sign);
    value_loss huber{.weight = .3, .distance = huber_error{.delta = 1.5}};
    REQUIRE(close(loss(huber, p), .3 * (far <= 1.5 ? e * e / 2 : 1.5 * far - 1.125), 1e-14));
    REQUIRE(close(partials(huber, p)[2], .3 * (far <= 1.5 ? e : 1.5 * sign), 1e-14));
  }
}

TEST_CASE("clipped_value_loss: of any distance the larger one counts, or that of the prediction that is held") {
  point p = step(0, 0);
  p.old_value = 0, p.value = 1, p.target = 2;  // held at 0.2: errors of -1 and -1.8
  auto check = [&](auto const& distance, double held, double free, double free_slope) {
    clipped_value_loss one{.weight = 1, .distance = distance},
        two{.weight = 1, .rule = value_clip::clipped, .distance = distance};
    REQUIRE(close(loss(one, p), std::max(held, free), 1e-14));
    REQUIRE(close(loss(two, p), held, 1e-14));
    REQUIRE(close(partials(one, p)[2], free > held ? free_slope : 0, 1e-14));
    REQUIRE(partials(two, p)[2] == 0);
  };
  check(absolute_error{}, 1.8, 1, -1), check(huber_error{.delta = 1.5}, 1.5 * 1.8 - 1.125, .5, -1);
  p.target = -1;  // errors of 2 and 1.2
  check(absolute_error{}, 1.2, 2, 1), check(huber_error{.delta = 1.5}, .72, 3 - 1.125, 1.5);
}

TEMPLATE_LIST_TEST_CASE(
    "step objectives: every scalar agrees with double, value and gradient, to 2 roundings, and sapo to 20", "",
    scalars::all) {
  each_objective([](auto const& o) { REQUIRE(scalars::disagreement<TestType>(o, scalars::exact_points()) <= 2); });
  REQUIRE(scalars::disagreement<TestType>(sapo{}, scalars::exact_points()) <= 20);
}

TEST_CASE("step objectives: what they read is what changes them") {
  constexpr unsigned ratio = needs::logp | needs::old_logp | needs::advantage;
  STATIC_REQUIRE(terms_read_by(policy_gradient{}) == (needs::logp | needs::advantage));
  STATIC_REQUIRE(terms_read_by(positive_likelihood{}) == (needs::logp | needs::advantage));
  STATIC_REQUIRE((terms_read_by(importance_ratio{}) == ratio && terms_read_by(dual_clip{}) == ratio &&
                  terms_read_by(two_sided_clip{}) == ratio));
  STATIC_REQUIRE((terms_read_by(cispo{}) == ratio && terms_read_by(sapo{}) == ratio && terms_read_by(dro{}) == ratio));
  STATIC_REQUIRE((terms_read_by(dppo_tv{}) == ratio && terms_read_by(dppo_kl{}) == ratio));
  STATIC_REQUIRE(terms_read_by(prime_rl_loss{}) == (needs::logp | needs::sampler_logp | needs::advantage));
  STATIC_REQUIRE(terms_read_by(log_ratio_distance{}) == (needs::logp | needs::old_logp));
  STATIC_REQUIRE(terms_read_by(clipped_value_loss{}) == (needs::value | needs::old_value | needs::target));
  STATIC_REQUIRE(terms_read_by(value_loss{.distance = huber_error{}}) == (needs::value | needs::target));
  STATIC_REQUIRE(terms_read_by(log_likelihood{}) == needs::logp);
  STATIC_REQUIRE(terms_read_by(entropy_bonus<entropy_target>{}) == needs::entropy);
  // And the other way round: changing a term of the step changes the loss just where it is read, at one of two steps:
  // the one held by the value's clip, the other not.
  point from = step(.1, 1.7), held = from, to = from;
  held.value = 1.4, held.old_value = .7, held.target = 2;
  to.sampler_logp = -1.9, to.old_logp = -1.45, to.logp = -1.42, to.ref_logp = -2, to.advantage = 1.2, to.entropy = .2,
  to.value = 1.1, to.old_value = .4, to.target = 1.7;
  auto check = [&](auto const& o) {
    unsigned changed = 0;
    auto exchange = [&](auto field, unsigned bit) {
      for (point const& start : {from, held}) {
        point p = start;
        p.*field = to.*field;
        if (loss(o, p) != loss(o, start)) changed |= bit;
      }
    };
    exchange(&point::sampler_logp, needs::sampler_logp), exchange(&point::old_logp, needs::old_logp),
        exchange(&point::logp, needs::logp);
    exchange(&point::ref_logp, needs::ref_logp), exchange(&point::advantage, needs::advantage),
        exchange(&point::entropy, needs::entropy);
    exchange(&point::value, needs::value), exchange(&point::old_value, needs::old_value),
        exchange(&point::target, needs::target);
    REQUIRE(changed == terms_read_by(o));
  };
  check(policy_gradient{}), check(importance_ratio{}), check(positive_likelihood{.threshold = 1.5}),
      check(log_likelihood{}), check(clipped_ratio{}), check(dual_clip{});
  check(two_sided_clip{}), check(cispo{}), check(sapo{}), check(dro{}), check(log_ratio_distance{}), check(dppo_tv{}),
      check(dppo_kl{}), check(prime_rl_loss{});
  check(value_loss{}), check(clipped_value_loss{}), check(clipped_value_loss{.rule = value_clip::clipped}),
      check(entropy_bonus{});
  check(value_loss{.distance = absolute_error{}}), check(clipped_value_loss{.distance = absolute_error{}}),
      check(clipped_value_loss{.distance = huber_error{}});
}
