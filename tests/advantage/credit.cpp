#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/clipped_reward.hpp>
#include <cohort/advantage/gigpo.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/whitened.hpp>
#include "../catch.hpp"
#include "grouped.hpp"

using Catch::Matchers::ContainsSubstring;

TEST_CASE(
    "group_relative: process supervision: the group's rewards together, then the sum of what is to come (DeepSeekMath, "
    "4.1.3)") {
  // Two answers; rewards at the ends of reasoning steps: 1, 3 and 2, 6.
  grouped<double> b{{4, 3}, {2}, {0, 1, 0, 3, 2, 0, 6}};
  flags scored{0, 1, 0, 1, 1, 0, 1};
  auto view = b.views();
  view.scored = all(std::as_const(scored));
  double mean = 3, deviation = std::sqrt((4. + 0 + 1 + 9) / 3),
         z[] = {-2 / deviation, 0, -1 / deviation, 3 / deviation};
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

TEST_CASE(
    "group_relative: every reward for its own step is TorchRL's MCAdvantage, whose epsilon is the least deviation") {
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
  STATIC_REQUIRE(decltype(k)::reads == needs::ref_logp);
  view.ref_logp = {};
  REQUIRE_THROWS_WITH(advantages(k, view), ContainsSubstring("ref_logp"));
}

TEST_CASE(
    "kl_to_go: each step answers for the distance that is still to come, which a group's baseline does not know") {
  grouped<double> b{{3, 1}, {2}, {0, 0, 4, 2}};
  b.valid = {1, 0, 1, 1};
  numbers logp{-1, -2, -3, -1}, ref{-1.5, 7, -1, -2};
  auto view = b.views();
  view.sampler_logp = all(std::as_const(logp));
  view.ref_logp = all(std::as_const(ref));
  kl_to_go k{.estimator = group_relative{.scale = group_scale::none}, .weight = .1, .gamma = .5};
  auto a = advantages(k, view);
  numbers expected{1 - .1 * (.5 + .5 * -2), 1 - .1 * -2, 1 - .1 * -2, -1 - .1 * 1};
  for (int i : {0, 2, 3}) REQUIRE(close(a[i], expected[i], 1e-14));
  STATIC_REQUIRE(decltype(k)::reads == needs::ref_logp);
  view.ref_logp = {};
  REQUIRE_THROWS_WITH(advantages(k, view), ContainsSubstring("kl_to_go reads") && ContainsSubstring("ref_logp"));
  k.gamma = 2;
  REQUIRE_THROWS_WITH(advantages(k, view), ContainsSubstring("gamma is 2"));
}

TEST_CASE(
    "clipped_reward: each step's reward is clipped before anything is summed, and the advantage may still be larger") {
  grouped<double> b{{3, 1}, {2}, {5, -7, .5, 3}};
  monte_carlo plain{.gamma = 1};
  REQUIRE(advantages(clipped_reward{plain}, b) == numbers{.5, -.5, .5, 1});
  REQUIRE(advantages(clipped_reward{.estimator = plain, .low = 0, .high = 4}, b) == numbers{4.5, .5, .5, 3});
  REQUIRE(b.reward == numbers{5, -7, .5, 3});
  REQUIRE_THROWS_WITH(advantages(clipped_reward{.estimator = plain, .low = 1, .high = 0}, b),
                      ContainsSubstring("clipped_reward: low is 1"));
}

TEST_CASE("clipped_reward: around kl_in_reward it clips the task's reward, within it what is left of that") {
  grouped<double> b{{1}, {1}, {5}};
  numbers logp{-1}, ref{-3};
  auto view = b.views();
  view.old_logp = all(std::as_const(logp));
  view.ref_logp = all(std::as_const(ref));
  monte_carlo plain{};
  REQUIRE(advantages(clipped_reward{kl_in_reward{.estimator = plain, .weight = .5}}, view) == numbers{0});
  REQUIRE(advantages(kl_in_reward{.estimator = clipped_reward{plain}, .weight = .5}, view) == numbers{1});
}

TEST_CASE(
    "clipped_reward: of several rewards each is clipped by itself and their sum by weighted_rewards; what is absent "
    "stays absent") {
  double nan_ = std::numeric_limits<double>::quiet_NaN();
  auto b = bandit<double>({0, 0, 0});
  numbers scores{9, 1, nan_, nan_, -9, nan_};  // series x 2
  auto view = b.views();
  view.scores = matrix(std::as_const(scores), 3);
  weighted_rewards sum{.how = {.scale = group_scale::none}};
  REQUIRE(advantages(sum, view) == numbers{9.5, 0, -9.5});
  REQUIRE(advantages(clipped_reward{sum}, view) == numbers{1.5, 0, -1.5});  // 2 and -1
  sum.low = -3, sum.high = 4;
  REQUIRE(advantages(sum, view) == numbers{3.5, 0, -3.5});
  sum.low = 5;
  REQUIRE_THROWS_WITH(advantages(sum, view), ContainsSubstring("weighted_rewards: low is 5"));
}

TEST_CASE(
    "weighted_rewards: over steps the batch-wide normalization counts each valid step of a series that has a score") {
  double nan_ = std::numeric_limits<double>::quiet_NaN();
  grouped<double> b{{3, 1, 2}, {3}, {0, 0, 0, 0, 0, 0}};
  b.valid = {1, 0, 1, 1, 1, 1};
  numbers scores{1, 3, nan_};
  auto view = b.views();
  view.scores = matrix(std::as_const(scores), 3);
  weighted_rewards w{.how = {.scale = group_scale::none},
                     .batch_wide = standardize{.epsilon = 0, .ddof = 0},
                     .over = averaged_over::steps};
  // -1 twice and 1 once: mean -1/3, deviation sqrt(8) / 3
  auto a = advantages(w, view);
  double z = std::sqrt(8.) / 3;
  REQUIRE(close(a[0], (-1 + 1. / 3) / z, 1e-14));
  REQUIRE(close(a[3], (1 + 1. / 3) / z, 1e-14));
  REQUIRE((a[4] == 0 && a[5] == 0));
  w.over = averaged_over::series;
  a = advantages(w, view);
  REQUIRE(close(a[0], -1, 1e-14));
  REQUIRE(close(a[3], 1, 1e-14));
}

TEST_CASE("gdpo: refuses a KL in the reward, which it would not see") {
  auto b = bandit<double>({0, 0});
  numbers scores{1, 2}, logp{-1, -1};
  auto view = b.views();
  view.scores = matrix(std::as_const(scores), 2);
  view.old_logp = view.ref_logp = all(std::as_const(logp));
  REQUIRE_THROWS_WITH(advantages(kl_in_reward{gdpo{}}, view),
                      ContainsSubstring("gdpo normalizes each reward by itself"));
}

TEST_CASE("whitened: over series each counts once, whatever its length; over steps long ones count more") {
  grouped<double> b{{3, 1, 2}, {3}, {0, 0, 1, 2, 0, 6}};
  b.valid = {1, 0, 1, 1, 1, 1};
  standardize const exact{.epsilon = 0};
  group_relative centered{.scale = group_scale::none};
  // Series -2, -1, 3: deviation sqrt(7). Steps -2, -2, -1, 3, 3: mean .2, squares 26.8.
  auto by_series = advantages(whitened{centered, exact, averaged_over::series}, b),
       by_step = advantages(whitened{centered, exact}, b);
  numbers z{-2, 0, -2, -1, 3, 3};
  for (int i : {0, 2, 3, 4, 5}) {
    REQUIRE(close(by_series[i], z[i] / std::sqrt(7.), 1e-14));
    REQUIRE(close(by_step[i], (z[i] - .2) / std::sqrt(26.8 / 4), 1e-14));
  }
  // Where the steps of a series differ each has its share: rewards to go 6 and 2 of one, 0 of the other.
  grouped<double> to_go{{2, 1}, {2}, {4, 2, 0}};
  auto a = advantages(whitened{monte_carlo{.gamma = 1}, standardize{.epsilon = 0, .ddof = 0}, averaged_over::series},
                      to_go);  // 6, 2, 0: mean 2, variance 6
  for (int i = 0; i < 3; ++i) REQUIRE(close(a[i], numbers{4, 0, -2}[i] / std::sqrt(6.), 1e-14));
  REQUIRE(advantages(whitened{monte_carlo{}, exact, averaged_over::series}, grouped<double>{{1}, {1}, {5}}) ==
          numbers{5});
}

TEST_CASE("optimal_token_baseline: importance weights, up to their limit, count squared in the path's variance") {
  grouped<double> b{{1, 1}, {2}, {1, 3}};
  numbers logp(2, std::log(.5)), sampler{std::log(.5), std::log(.25)}, squares(2, .5);
  auto view = b.views();
  view.old_logp = all(std::as_const(logp));
  view.sampler_logp = all(std::as_const(sampler));
  view.sum_of_squares = all(std::as_const(squares));
  optimal_token_baseline o{.epsilon = 0, .importance = true};
  auto a = advantages(o, view);  // weights 1 and 4
  REQUIRE(close(a[0], 1 - 13. / 5, 1e-14));
  o.limit = 1.5;
  a = advantages(o, view);
  REQUIRE(close(a[0], 1 - (1 + 2.25 * 3) / 3.25, 1e-14));
  view.sampler_logp = {};
  REQUIRE_THROWS_WITH(advantages(o, view), ContainsSubstring("importance weights need old_logp and sampler_logp"));
}

TEST_CASE("clipped_advantage: no further from 0 than its limit") {
  auto b = bandit<double>({0, 0, 9});
  REQUIRE(advantages(clipped_advantage{.estimator = group_relative{.scale = group_scale::none}, .limit = 4}, b) ==
          numbers{-3, -3, 4});
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
  REQUIRE_THROWS_WITH(advantages(sum, view),
                      ContainsSubstring("weights") && ContainsSubstring("2, one for each reward"));
  view.scores = {};
  REQUIRE_THROWS_WITH(advantages(sum, view), ContainsSubstring("scores"));
}

TEST_CASE(
    "optimal_token_baseline: equal variances give the plain mean of what is to come at each time index; the last one "
    "left has no baseline") {
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
