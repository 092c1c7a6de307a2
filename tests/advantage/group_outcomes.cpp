#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include "../catch.hpp"
#include "grouped.hpp"

using Catch::Matchers::ContainsSubstring;

TEST_CASE("opo: with equal lengths it is the plain mean; a long series pulls the baseline to its own score") {
  REQUIRE(advantages(opo{}, bandit<double>({1, 2, 6})) == numbers{-2, -1, 3});
  // lengths 3 and 1: the baseline is (3 * 1 + 5) / 4 = 2
  REQUIRE(advantages(opo{}, grouped<double>{{3, 1}, {2}, {0, 0, 1, 5}}) == numbers{-1, -1, -1, 3});
  grouped<double> b{{3, 1}, {2}, {0, 0, 1, 5}};
  b.valid = {0, 0, 1, 1};  // invalid steps have no length
  auto a = advantages(opo{}, b);
  REQUIRE(a[2] == -2);
  REQUIRE(a[3] == 2);
}

TEST_CASE(
    "opo, gpg, max_rl, best_of_group: equal rewards give 0 everywhere, and so does a group of one where it is not told "
    "to be raw") {
  auto equal = bandit<double>({.1, .1, .1, .1, .1, .1, .1});
  for (double a : advantages(best_of_group{}, equal)) REQUIRE(a == 0);
  for (double a : advantages(opo{}, equal)) REQUIRE(std::abs(a) < 1e-16);
  for (double a : advantages(gpg{}, equal)) REQUIRE(std::abs(a) < 1e-16);
  for (double a : advantages(max_rl{}, equal)) REQUIRE(std::abs(a) < 1e-15);
  auto one = bandit<double>({5});
  REQUIRE(advantages(opo{}, one) == numbers{0});
  REQUIRE(advantages(gpg{}, one) == numbers{0});
  REQUIRE(advantages(max_rl{}, one) == numbers{0});
  REQUIRE(advantages(best_of_group{}, one) == numbers{0});
  REQUIRE(advantages(opo{.single = group_of_one::raw}, one) == numbers{5});
}

TEST_CASE("gpg: the rarer a reward in the batch, the more it counts; a batch without any has no advantage") {
  grouped<double> b{{1, 1, 1, 1}, {2, 2}, {1, 0, 0, 0}};
  REQUIRE(advantages(gpg{}, b) == numbers{2, -2, 0, 0});
  REQUIRE(advantages(gpg{.divisor = 4}, b) == numbers{.5, -.5, 0, 0});
  b.reward = {0, 0, 0, 0};
  REQUIRE(advantages(gpg{}, b) == numbers{0, 0, 0, 0});
}

TEST_CASE("max_rl: above the mean, over the mean; nothing where nobody was right") {
  grouped<double> b{{1, 1, 1, 1, 1, 1}, {4, 2}, {1, 0, 0, 0, 0, 0}};
  REQUIRE(advantages(max_rl{}, b) == numbers{3, -1, -1, -1, 0, 0});
}

TEST_CASE("max_rl: exact enumeration: its expected policy gradient is that of log p cut off after G - 1 terms") {
  for (int G : {2, 3, 5})
    for (double p : {.1, .5, .9}) {
      // A Bernoulli policy with logit z: d log p(o) / dz = o - p. The mean over the group of A_i (o_i - p), over all
      // outcomes.
      double gradient = 0;
      for (int outcome = 0; outcome < (1 << G); ++outcome) {
        std::vector<double> r(G);
        double chance = 1;
        for (int i = 0; i < G; ++i) r[i] = outcome >> i & 1, chance *= r[i] > 0 ? p : 1 - p;
        auto a = advantages(max_rl{}, bandit<double>(r));
        for (int i = 0; i < G; ++i) gradient += chance * a[i] * (r[i] - p) / G;
      }
      // d/dz of -sum_{k < G} (1 - p)^k / k, with dp/dz = p (1 - p)
      double expected = 0;
      for (int k = 1; k < G; ++k) expected += std::pow(1 - p, k - 1);
      REQUIRE(close(gradient, expected * p * (1 - p), 1e-12));
    }
}

TEST_CASE("best_of_group: only the best is ahead, by its distance to the second, wherever it stands") {
  for (int best = 0; best < 4; ++best) {
    std::vector<double> r{1, 2, -3, 2.5};
    r[best] = 7;
    auto second = 0.;
    for (int i = 0; i < 4; ++i)
      if (i != best) second = std::max(second, r[i]);
    auto a = advantages(best_of_group{.scale = false}, bandit<double>(r));
    for (int i = 0; i < 4; ++i) REQUIRE(a[i] == (i == best ? 7 - second : 0));
  }
  grouped<double> two{{2, 1, 1, 3}, {2, 2}, {0, 4, 1, -5, 0, 0, -2}};
  REQUIRE(advantages(best_of_group{.scale = false}, two) == numbers{3, 3, 0, 0, 3, 3, 3});
  REQUIRE(advantages(best_of_group{.scale = false}, bandit<double>({3, 3, 1})) == numbers{0, 0, 0});
}

TEST_CASE("pass_at_k: exact enumeration: its expected policy gradient is that of 1 - (1 - p)^k") {
  for (int G : {2, 4, 5})
    for (int k = 1; k <= G; ++k)
      for (double p : {.1, .6}) {
        double gradient = 0;
        for (int outcome = 0; outcome < (1 << G); ++outcome) {
          std::vector<double> r(G);
          double chance = 1;
          for (int i = 0; i < G; ++i) r[i] = outcome >> i & 1, chance *= r[i] > 0 ? p : 1 - p;
          auto a = advantages(pass_at_k{.k = k}, bandit<double>(r));
          for (int i = 0; i < G; ++i) gradient += chance * a[i] * (r[i] - p) / G;
        }
        CAPTURE(G, k, p);
        REQUIRE(close(gradient, k * std::pow(1 - p, k - 1) * p * (1 - p), 1e-12));
      }
}

TEST_CASE("pass_at_k: one try is the plain reward") {
  REQUIRE(advantages(pass_at_k{.k = 1}, bandit<double>({1, 0, 1})) == numbers{1, 0, 1});
}

TEST_CASE("remax: what is to come, less the greedy answer's score") {
  grouped<double> b{{2, 1}, {2}, {1, 2, 5}};
  numbers greedy{4, 1};
  auto view = b.views();
  view.greedy_score = all(std::as_const(greedy));
  REQUIRE(advantages(remax{}, view) == numbers{-1, -2, 4});
  REQUIRE(advantages(remax{.gamma = .5}, view) == numbers{-2, -2, 4});
  REQUIRE_THROWS_WITH(advantages(remax{}, b), ContainsSubstring("greedy_score"));
}

TEST_CASE("group outcomes: without groups they say what is missing, and parameters out of their range are refused") {
  auto b = bandit<double>({1, 2});
  auto lonely = b.views();
  lonely.groups = {};
  REQUIRE_THROWS_WITH(advantages(opo{}, lonely), ContainsSubstring("opo needs to know which series form a group"));
  REQUIRE_THROWS_WITH(advantages(max_rl{}, lonely), ContainsSubstring("max_rl needs"));
  REQUIRE_THROWS_WITH(advantages(gpg{.divisor = 0}, b), ContainsSubstring("divisor is 0"));
  REQUIRE_THROWS_WITH(advantages(pass_at_k{.k = 0}, b), ContainsSubstring("k is 0"));
}

TEST_CASE("gpg: a score that rounding left of rewards that cancel counts as 0, and a small one does not") {
  auto of = [](std::vector<int> lengths, std::vector<int> groups, auto rewards) {
    return advantages(gpg{}, grouped<std::remove_cvref_t<decltype(rewards[0])>>(lengths, groups, rewards));
  };
  REQUIRE(.1 + .2 - .3 != 0);
  // Two groups of two: of four scores two are 0, so each advantage is twice what is above the mean.
  auto found = of({3, 1, 1, 1}, {2, 2}, numbers{.1, .2, -.3, 1, 0, 1});
  auto expected = of({3, 1, 1, 1}, {2, 2}, numbers{0, 0, 0, 1, 0, 1});
  REQUIRE(expected == numbers{-1, -1, -1, 1, -1, 1});
  for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(close(found[i], expected[i], 1e-15));
  auto in_float = of({3, 1, 1, 1}, {2, 2}, std::vector<float>{.1f, .2f, -.3f, 1, 0, 1});
  for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(close(in_float[i], expected[i], 1e-6));
  // A thousand of .1 and -100 leave 1e-12; rewards of 1e8 leave more than others are.
  numbers many(1000, .1);
  many.insert(many.end(), {-100, 1, 0, 1});
  REQUIRE(close(of({1001, 1, 1, 1}, {2, 2}, many)[1001], 1, 1e-11));
  REQUIRE(close(of({3, 1, 1, 1}, {2, 2}, numbers{.1e8, .2e8, -.3e8, 1, 0, 1})[5], 1, 1e-14));
  // A score of its own is one however small; so three of four are not 0.
  REQUIRE(close(of({1, 1, 1, 1}, {2, 2}, numbers{1e-30, 1, 0, 1})[3], 4. / 3 * .5, 1e-14));
  // In any unit.
  for (double unit : {1e-200, 1e-20, 1e20})
    REQUIRE(close(of({3, 1, 1, 1}, {2, 2}, numbers{.1 * unit, .2 * unit, -.3 * unit, unit, 0, unit})[5], unit, 1e-14));
}
