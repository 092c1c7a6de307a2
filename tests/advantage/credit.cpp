#include "../catch.hpp"
#include "grouped.hpp"
#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/gigpo.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/several_rewards.hpp>

using Catch::Matchers::ContainsSubstring;

TEST_CASE("group_relative: process supervision: the group's rewards together, then the sum of what is to come (DeepSeekMath, 4.1.3)") {
  // Two answers; rewards at the ends of reasoning steps: 1, 3 and 2, 6.
  grouped<double> b{{4, 3}, {2}, {0, 1, 0, 3, 2, 0, 6}};
  flags scored{0, 1, 0, 1, 1, 0, 1};
  auto view = b.views();
  view.scored = all(std::as_const(scored));
  double mean = 3, deviation = std::sqrt((4. + 0 + 1 + 9) / 3), z[] = {-2 / deviation, 0, -1 / deviation, 3 / deviation};
  auto a = advantages(group_relative{.by = credit::process, .epsilon = 0}, view);
  numbers expected{z[0] + z[1], z[0] + z[1], z[1], z[1], z[2] + z[3], z[3], z[3]};
  for (int i = 0; i < 7; ++i) REQUIRE(close(a[i], expected[i], 1e-14, 1e-15));
  a = advantages(group_relative{.by = credit::step, .epsilon = 0}, view);
  REQUIRE(close(a[1], z[0], 1e-14));
  REQUIRE(a[0] == 0);
  REQUIRE(mean == 3);
}

TEST_CASE("group_relative: process supervision of one reward at the end is outcome supervision") {
  grouped<double> b{{2, 3, 1, 2}, {2, 2}, {0, 1, 0, 0, 4, 2, 0, -1}};
  flags ends{0, 1, 0, 0, 1, 1, 0, 1};
  auto view = b.views();
  view.scored = all(std::as_const(ends));
  auto process = advantages(group_relative{.by = credit::process}, view), outcome = advantages(group_relative{}, view);
  for (int i = 0; i < 8; ++i) REQUIRE(close(process[i], outcome[i], 1e-13));
}

TEST_CASE("group_relative: every reward for its own step is TorchRL's MCAdvantage, whose epsilon is the least deviation") {
  grouped<double> b{{2, 1}, {2}, {1, 2, 6}};
  auto a = advantages(group_relative{.by = credit::step, .epsilon = 100, .rule = epsilon_rule::floor}, b);
  REQUIRE(a == numbers{-.02, -.01, .03});
  a = advantages(group_relative{.by = credit::step, .epsilon = 1e-6, .rule = epsilon_rule::floor}, b);
  REQUIRE(close(a[2], 3 / std::sqrt(7.), 1e-14));
}

TEST_CASE("gigpo: a step is compared with the steps taken in an equal state, a series with its group") {
  grouped<double> b{{2, 2}, {2}, {0, 1, 0, 0}};
  integers anchor{0, 1, 0, 2};  // both start in state 0
  auto view = b.views();
  view.anchor = all(std::as_const(anchor));
  view.anchors = 3;
  gigpo g{.weight = 2, .gamma = .5, .episodes = {.scale = group_scale::none}, .steps = {.scale = group_scale::none}};
  // Episodes: 1 and 0. Returns in state 0: .5 and 0.
  REQUIRE(advantages(g, view) == numbers{.5 + 2 * .25, .5, -.5 - 2 * .25, -.5});
  view.anchor = {};
  REQUIRE_THROWS_WITH(advantages(g, view), ContainsSubstring("anchor"));
}

TEST_CASE("kl_in_reward: the distance to the reference is taken from each reward") {
  grouped<double> b{{2, 1}, {2}, {1, 2, 5}};
  numbers logp{-1, -2, -3}, ref{-1.5, -1, -3};
  auto view = b.views();
  view.sampler_logp = all(std::as_const(logp));
  view.ref_logp = all(std::as_const(ref));
  kl_in_reward k{.estimator = group_relative{.scale = group_scale::none}, .weight = .1};
  auto a = advantages(k, view);
  double first = 3 - .1 * (.5 - 1), second = 5;
  for (int i = 0; i < 3; ++i) REQUIRE(close(a[i], (i < 2 ? 1 : -1) * (first - second) / 2, 1e-14));
  STATIC_REQUIRE(decltype(k)::reads_reference);
  view.ref_logp = {};
  REQUIRE_THROWS_WITH(advantages(k, view), ContainsSubstring("ref_logp"));
}

TEST_CASE("clipped_advantage: no further from 0 than its limit") {
  auto b = bandit<double>({0, 0, 9});
  REQUIRE(advantages(clipped_advantage{.estimator = group_relative{.scale = group_scale::none}, .limit = 4}, b) == numbers{-3, -3, 4});
}

TEST_CASE("several rewards: what is absent leaves the statistics, and a series without any gets 0") {
  double nan_ = std::numeric_limits<double>::quiet_NaN();
  auto b = bandit<double>({0, 0, 0});
  numbers scores{1, nan_, nan_, nan_, 3, 10};  // series x 2
  auto view = b.views();
  view.scores = matrix(std::as_const(scores), 3);
  weighted_rewards sum{.weights = {1, .1}, .how = {.scale = group_scale::none}};
  REQUIRE(advantages(sum, view) == numbers{-1.5, 0, 1.5});
  sum.weights = {1};
  REQUIRE_THROWS_WITH(advantages(sum, view), ContainsSubstring("weights") && ContainsSubstring("2, one for each reward"));
  view.scores = {};
  REQUIRE_THROWS_WITH(advantages(sum, view), ContainsSubstring("scores"));
}

TEST_CASE("optimal_token_baseline: equal variances give the plain mean of what is to come at each time index; the last one left has no baseline") {
  grouped<double> b{{2, 3}, {2}, {1, 1, 0, 0, 4}};
  numbers logp(5, std::log(.5)), squares(5, .5);
  auto view = b.views();
  view.old_logp = all(std::as_const(logp));
  view.sum_of_squares = all(std::as_const(squares));
  auto a = advantages(optimal_token_baseline{.epsilon = 0}, view);
  REQUIRE(a == numbers{2 - 3., 1 - 2.5, 4 - 3., 4 - 2.5, 4});
  view.sum_of_squares = {};
  REQUIRE_THROWS_WITH(advantages(optimal_token_baseline{}, view), ContainsSubstring("sum_of_squares"));
}
