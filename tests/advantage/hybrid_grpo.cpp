#include "../catch.hpp"
#include "probes.hpp"

using namespace probes;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Largest |A_i| is about 30 without a scale; a thousand roundings of that, more where a small standard deviation
/// divides.
void require_equal(hybrid_grpo const& o, probe_batch const& b) {
  result found = run(o, b), expected = by_hand(o, b);
  for (int i = 0; i < b.M(); ++i) {
    REQUIRE(close(found.advantage[i], expected.advantage[i], 1e-11, 1e-12));
    REQUIRE(close(found.target[i], expected.target[i], 1e-12, 1e-12));
  }
}

std::vector<baseline_mix> const baselines{{.kappa = 0},
                                          {.kappa = .3},
                                          {.kappa = 1},
                                          {.kappa = .3, .leave_one_out = true},
                                          {.kappa = 1, .leave_one_out = true},
                                          {.kappa = .5, .weight = .4},
                                          {.weight = 0}};

std::vector<reward_transform> const transforms{
    reward_transform::none, reward_transform::tanh, reward_transform::tanh_of_group_score,
    reward_transform::tanh_of_batch_score, reward_transform::weighted_in_group};

}  // namespace

TEST_CASE(
    "hybrid_grpo: by default each probe's return with its discounted bootstrap, minus the mean of V(s) and of the "
    "group's mean") {
  probe_batch b{1, 1, 2, 1, {1, 3}, {10}, {0}, {4, 8}, {0, 1}, {0, 0}, {0}};
  auto [advantage, target] = run({.gamma = .5}, b);
  double q0 = 1 + .5 * 4, q1 = 3, level = .5 * 10 + .5 * (q0 + q1) / 2;
  REQUIRE(advantage == numbers{q0 - level, q1 - level});
  REQUIRE(target == numbers{3, 3});
}

TEST_CASE("hybrid_grpo: every baseline, scale and averaging is its definition, for groups of 1, 2 and 5") {
  for (int G : {1, 2, 5})
    for (baseline_mix baseline : baselines)
      for (auto scale : {group_scale::none, group_scale::group_std, group_scale::batch_std})
        for (bool averaged : {false, true})
          for (int ddof : {0, 1})
            require_equal({.baseline = baseline, .scale = scale, .averaged = averaged, .ddof = ddof, .epsilon = 1e-3},
                          random(4, 3, G, 1));
}

TEST_CASE(
    "hybrid_grpo: every transform and bootstrap is its definition, for probes of 1 and 4 steps that end inside or "
    "not") {
  for (int K : {1, 4})
    for (double gamma : {1., .9, 0.})
      for (auto transform : transforms)
        for (auto after : {bootstrap::discounted, bootstrap::undiscounted, bootstrap::none})
          for (int ddof : {0, 1})
            require_equal({.gamma = gamma, .transform = transform, .after = after, .ddof = ddof, .epsilon = 1e-3},
                          random(3, 5, 3, K));
}

TEST_CASE(
    "hybrid_grpo: tau is the steepness of every tanh, and the plain mean as a target knows neither transform nor its "
    "bootstrap") {
  for (int K : {1, 4})
    for (int G : {1, 3})
      for (auto transform : transforms)
        for (auto after : {bootstrap::discounted, bootstrap::none})
          for (double kappa : {0., .5, 1.})
            require_equal({.gamma = .9,
                           .baseline = {.kappa = kappa},
                           .transform = transform,
                           .tau = .6,
                           .after = after,
                           .target = critic_target::plain_mean,
                           .epsilon = 1e-3},
                          random(3, 5, G, K));
}

TEST_CASE(
    "hybrid_grpo: the lambda-return of the executed branch, and its tail, are GAE's along the lane; few lanes or "
    "many") {
  for (int N : {1, 3, 40})
    for (double lambda : {0., .7, 1.})
      for (bool tail : {false, true})
        for (auto target : {critic_target::group_mean, critic_target::lambda_return})
          for (auto scale : {group_scale::none, group_scale::group_std, group_scale::batch_std})
            require_equal({.gamma = .9,
                           .lambda = lambda,
                           .scale = scale,
                           .transform = reward_transform::tanh,
                           .target = target,
                           .tail = tail,
                           .averaged = N == 3,
                           .epsilon = 1e-3},
                          random(6, N, 3, 1));
}

TEST_CASE("hybrid_grpo: with longer probes the lambda-return is still that of the executed first steps") {
  require_equal({.gamma = .9, .target = critic_target::lambda_return}, random(6, 3, 2, 3));
}

TEST_CASE("hybrid_grpo: what stands after a probe's end is not read, not even by the statistics of the rewards") {
  probe_batch clean = random(4, 3, 3, 4, .3), dirty = clean;
  int ignored = 0;
  for (int k = 0; k < 4; ++k)
    for (int i = 0; i < dirty.M(); ++i)
      if (!read(dirty, k, i)) dirty.reward[k * dirty.M() + i] = std::numeric_limits<double>::quiet_NaN(), ++ignored;
  for (int i = 0; i < dirty.M(); ++i)
    for (int k = 0; k < 4; ++k)
      if (dirty.terminated[k * dirty.M() + i] && read(dirty, k, i))
        dirty.probe_value[i] = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(ignored > 20);
  for (auto transform : transforms) {
    hybrid_grpo o{.transform = transform};
    REQUIRE(run(o, dirty).advantage == run(o, clean).advantage);
    REQUIRE(run(o, dirty).target == run(o, clean).target);
  }
}

TEST_CASE("hybrid_grpo: a group of equal returns has no scale, and rounding is not taken for one") {
  probe_batch b = random(2, 2, 3, 1, 0);
  b.reward.assign(b.M(), .1);
  b.probe_value.assign(b.M(), .7);
  for (double x : run({.baseline = {.kappa = 1}, .scale = group_scale::group_std}, b).advantage) REQUIRE(x == 0);
  for (auto transform : {reward_transform::tanh_of_group_score, reward_transform::weighted_in_group})
    for (double x : run({.baseline = {.weight = 0}, .transform = transform, .after = bootstrap::none}, b).advantage)
      REQUIRE(x == 0);
}

TEST_CASE("hybrid_grpo: needs a critic and probes, and refuses what it cannot mean") {
  probe_batch b = random(2, 2, 2, 1);
  auto view = b.views();
  view.value = {};
  REQUIRE_THROWS_WITH(run({}, view), ContainsSubstring("hybrid_grpo") && ContainsSubstring("actor_critic"));
  for (bool values : {true, false}) {
    view = b.views();
    if (values) view.probe_value = {};
    else view.executed = {};
    REQUIRE_THROWS_WITH(run({}, view), ContainsSubstring("probes"));
  }
  flags valid(b.M(), 1);
  view = b.views();
  view.valid = all(valid);
  REQUIRE_THROWS_AS(run({}, view), value_error);
  REQUIRE_THROWS_WITH(run({.tail = true}, random(2, 2, 2, 3)),
                      ContainsSubstring("tail") && ContainsSubstring("horizon is 3"));
  REQUIRE_THROWS_WITH(run({.gamma = 1.1}, b), ContainsSubstring("gamma is 1.1"));
  REQUIRE_THROWS_WITH(run({.lambda = -1}, b), ContainsSubstring("lambda is -1"));
  REQUIRE_THROWS_WITH(run({.tau = 0}, b), ContainsSubstring("tau is 0"));
  REQUIRE_THROWS_WITH(run({.baseline = {.kappa = 2}}, b), ContainsSubstring("kappa is 2"));
  REQUIRE_THROWS_AS(run({.gamma = 2}, b), value_error);
}
