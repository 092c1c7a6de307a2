#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/schedule/schedule.hpp>
#include "../catch.hpp"
#include "grouped.hpp"

// Exact divergences, and controllers, where a KL is taken from rewards or from advantages.

namespace {

grouped<> three_steps() {
  grouped<> b{{3}, {1}, {1, 2, 3}};
  b.valid = {1, 0, 1};
  return b;
}
numbers const kl{.5, std::nan(""), .25};

}  // namespace

TEST_CASE("kl_in_reward: with exact_kl the whole distributions' divergence is taken from each valid step's reward") {
  auto b = three_steps();
  auto v = b.views();
  v.kl = all(kl);
  numbers found = advantages(kl_in_reward<monte_carlo, exact_kl>{.estimator = {.gamma = 1}, .weight = 2}, v);
  CHECK(found[0] == 1 - 1 + 3 - .5);
  CHECK(found[2] == 3 - .5);
}

TEST_CASE("kl_to_go: with exact_kl what is still to come of it is taken from each advantage") {
  auto b = three_steps();
  auto v = b.views();
  v.kl = all(kl);
  numbers found = advantages(kl_to_go<monte_carlo, exact_kl>{.estimator = {.gamma = 1}, .weight = 2}, v);
  CHECK(found[0] == 4 - 1.5);
  CHECK(found[2] == 3 - .5);
}

TEST_CASE("kl_in_reward: a controller is its weight, and learns from an update, also inside another estimator") {
  struct {
    double reference_kl = 1, series = 50;
  } seen;
  kl_in_reward<monte_carlo, exact_kl, proportional_kl> e{.weight = {.weight = .5, .target = .1, .horizon = 100}};
  detail::adapt(e, seen);
  CHECK(e.weight.weight == .5 * (1 + .2 * 50 / 100));
  auto b = three_steps();
  auto v = b.views();
  v.kl = all(kl);
  CHECK(advantages(e, v)[2] == 3 - .25 * e.weight.weight);
  kl_to_go<kl_in_reward<monte_carlo, k1, proportional_kl>, k1> nested{};
  double before = nested.estimator.weight.weight;
  detail::adapt(nested, seen);
  CHECK(nested.estimator.weight.weight > before);
}

TEST_CASE("kl_in_reward: a batch without the divergence is refused") {
  auto b = three_steps();
  CHECK_THROWS_WITH(
      advantages(kl_in_reward<monte_carlo, exact_kl>{}, b),
      "kl_in_reward reads kl, which this batch does not have: only policies that give their distributions do");
}
