#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/objective/vespo.hpp>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// GSPO, GMPO, VESPO, TIC-GRPO: gradients by differences, and their edges.

namespace {

/// Series of these lengths with these log-ratios and one advantage each.
struct small_batch {
  numbers old_logp, logp, ref_logp, advantage;
  integers series_of;
  std::ptrdiff_t N = 0;

  void add(std::vector<double> log_ratios, double A) {
    for (double x : log_ratios) {
      old_logp.push_back(-40), logp.push_back(-40 + x), ref_logp.push_back(-40 + .5 * x), advantage.push_back(A);
      series_of.push_back(std::int32_t(N));
    }
    ++N;
  }
  template <class O>
  std::pair<double, numbers> operator()(O const& o) const {
    cpu backend;
    std::ptrdiff_t M = std::ptrdiff_t(logp.size());
    numbers w(logp.size()), loss(logp.size()), slope(logp.size());
    aggregated_steps<double> steps{M, N, all(series_of), {}};
    series_mean{}(backend, steps, all(w));
    step_views<double> v{.sampler_logp = all(old_logp),
                         .old_logp = all(old_logp),
                         .logp = all(logp),
                         .ref_logp = all(ref_logp),
                         .advantage = all(advantage)};
    v.series_of = all(series_of), v.series = N;
    differentiate(backend, o, v, {all(std::as_const(w))}, {.loss = all(loss), .logp = all(slope)});
    double total = 0;
    for (double x : loss) total += x;
    return {total, slope};
  }
};

template <class O>
void require_differences(O const& o, small_batch b, double tolerance = 1e-9) {
  auto at = b(o).second;
  for (std::size_t i = 0; i < b.logp.size(); ++i) {
    double before = b.logp[i], expected = slope([&](double x) { return b.logp[i] = x, b(o).first; }, before, 1e-3);
    b.logp[i] = before;
    CAPTURE(i);
    REQUIRE(close(at[i], expected, tolerance, 1e-11));
  }
}

small_batch batch_off_the_edges() {
  small_batch b;
  for (double A : {1.5, -.8})
    for (double level : {-.5, -.02, .01, .3}) {
      numbers x;
      for (int t = 0; t < 7; ++t) x.push_back(level + .05 * std::sin(3. * t + level));
      b.add(x, A);
      b.add({level}, A);
    }
  return b;
}

}  // namespace

TEST_CASE("series objectives: duals and the way back through the total equal five-point differences") {
  auto b = batch_off_the_edges();
  require_differences(gspo{.epsilon = .2, .epsilon_high = .25}, b);
  require_differences(gspo{.epsilon = .2, .epsilon_high = .25, .delta = 1.32}, b);
  require_differences(gmpo{.epsilon = .1, .epsilon_high = .15}, b);
  require_differences(tic_grpo{}, b);
  require_differences(series_kl_penalty{.estimator = k3{}, .weight = .3}, b);
}

TEST_CASE(
    "gspo: a series of 4,096 steps and log-ratios of 30 keep loss and gradient finite; of one step it is the plain "
    "clipped ratio") {
  small_batch b;
  b.add(numbers(4096, 30.), 1), b.add(numbers(4096, -30.), -1), b.add(numbers(4096, 30.), -1), b.add({.1}, 1);
  for (auto [loss, slope] : {b(gspo{}), b(gmpo{}), b(tic_grpo{}), b(vespo{}), b(vespo<ratio_to::sampler>{})}) {
    REQUIRE(std::isfinite(loss));
    for (double x : slope) REQUIRE(std::isfinite(x));
  }
  small_batch one;
  one.add({.1}, 2);
  CHECK(close(one(gspo{.epsilon = .2, .epsilon_high = .28}).first, -std::exp(.1) * 2, 1e-14, 0));
}

TEST_CASE("gspo and gspo_step: with one advantage for a series, the same value and gradient") {
  auto b = batch_off_the_edges();
  gspo whole{.epsilon = .2, .epsilon_high = .25};
  gspo_step step{.epsilon = .2, .epsilon_high = .25};
  auto [loss, slope] = b(whole);
  auto [step_loss, step_slope] = b(step);
  CHECK(close(loss, step_loss, 1e-13, 0));
  for (std::size_t i = 0; i < slope.size(); ++i) REQUIRE(close(slope[i], step_slope[i], 1e-12, 1e-15));
}

TEST_CASE("gmpo: only what the advantage would drive out is clipped") {
  small_batch b;
  b.add({.9, -.9}, 1), b.add({.9, -.9}, -1);
  auto [loss, slope] = b(gmpo{.epsilon = .4});
  CHECK(close(loss, .5 * (-std::exp((.4 - .9) / 2) + std::exp((.9 - .4) / 2)), 1e-14, 0));
  CHECK(slope[0] == 0);
  CHECK(slope[1] != 0);
  CHECK(slope[2] != 0);
  CHECK(slope[3] == 0);
}

TEST_CASE("vespo: on policy it is the policy gradient; far off, in either direction, it is nothing") {
  small_batch on, off;
  on.add({0, 0, 0}, 2);
  auto [loss, slope] = on(vespo{});
  for (double x : slope) CHECK(close(x, -2. / 3, 1e-14, 0));
  off.add(numbers(5, 2.), 1), off.add(numbers(5, -2.), 1);
  for (double x : off(vespo{}).second) CHECK(std::abs(x) < 1e-6);
}

TEST_CASE("tic_grpo: above its limit a series has no gradient, whichever sign its advantage has") {
  small_batch b;
  b.add({.2, .2}, 1), b.add({.2, .2}, -1), b.add({-.4, -.4}, 1);
  auto [loss, slope] = b(tic_grpo{.epsilon = .2});
  CHECK(close(loss, (-1.2 + 1.2 - std::exp(-.8)) / 3, 1e-14, 0));
  CHECK(slope[0] == 0);
  CHECK(slope[3] == 0);
  CHECK(close(slope[5], -std::exp(-.8) / 3, 1e-14, 0));
}

TEST_CASE(
    "vespo: an action that has become impossible leaves the gradient of its series finite, weight times A at each "
    "step") {
  small_batch b;
  b.add({.1, -.2, .05}, 1.5);
  double before = b.logp[1];
  b.logp[1] = -std::numeric_limits<double>::infinity();
  auto slopes = b(vespo{}).second;
  double log_w = std::log(1e-8), phi = std::exp(3 * (1 - std::exp(log_w)) + 2 * log_w);
  for (double x : slopes) CHECK(close(x, -phi * 1.5 / 3, 1e-12));
  b.logp[1] = before;
  CHECK(b(vespo{}).second[0] < slopes[0]);
}
