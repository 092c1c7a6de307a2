#include <algorithm>
#include <cohort/advantage/group_relative.hpp>
#include <numeric>
#include "../catch.hpp"
#include "grouped.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class T>
std::vector<T> run(group_relative const& g, batch_view<T> const& b) {
  eigen::basic_backend<T> backend;
  std::vector<T> advantage(b.reward.rows, -99);
  g(backend, b, {all(advantage), {}});
  return advantage;
}
template <class T>
std::vector<T> run(group_relative const& g, grouped<T> const& b) {
  return run(g, b.views());
}

}  // namespace

TEST_CASE("group_relative: within a group the advantages have mean 0 and, with ddof 1, a standard deviation of 1") {
  auto z = run({.epsilon = 0}, bandit(uniform(9, 1, -3, 5)));
  REQUIRE(std::abs(std::accumulate(z.begin(), z.end(), 0.)) < 1e-14);
  REQUIRE(close(std::inner_product(z.begin(), z.end(), z.begin(), 0.), 8, 1e-14));
}

TEST_CASE(
    "group_relative: neither a shift nor a positive factor of all rewards changes anything, a negative factor the sign "
    "alone") {
  numbers r = uniform(8, 1);
  auto z = run({.epsilon = 0}, bandit(r));
  for (double factor : {1e-3, 7., -2.})
    for (double shift : {0., -5., 100.}) {
      numbers moved = r;
      for (double& x : moved) x = factor * x + shift;
      auto found = run({.epsilon = 0}, bandit(moved));
      double digits = std::max(1., std::abs(shift / factor));  // that the shift has cost
      for (int i = 0; i < 8; ++i) REQUIRE(close(found[i], factor > 0 ? z[i] : -z[i], 0, 1e-14 * digits));
    }
}

TEST_CASE(
    "group_relative: no advantage is larger than (G - 1) / sqrt(G), which a single success among failures reaches") {
  for (int G : {2, 3, 8, 64}) {
    double bound = (G - 1) / std::sqrt(G);
    numbers one(G, 0);
    one[G / 2] = 1;
    REQUIRE(close(run({.epsilon = 0}, bandit(one))[G / 2], bound, 1e-13));
    for (std::uint32_t which = 1; which <= 5; ++which)
      for (double z : run({.epsilon = 0}, bandit(uniform(G, which)))) REQUIRE(std::abs(z) <= bound * (1 + 1e-13));
  }
}

TEST_CASE("group_relative: two members get 0.7071 and -0.7071, however far they are apart") {
  for (double apart : {1e-3, 1., 1e6}) {
    auto z = run({.epsilon = 0}, bandit(numbers{2 + apart, 2}));
    REQUIRE(close(z[0], std::sqrt(.5), 1e-12));
    REQUIRE(close(z[1], -std::sqrt(.5), 1e-12));
  }
}

TEST_CASE("group_relative: epsilon is added to the standard deviation, 1e-6 by default") {
  REQUIRE(close(run({.epsilon = .5}, bandit(numbers{3, 1}))[0], 1 / (std::sqrt(2.) + .5), 1e-15));
  REQUIRE(close(run({}, bandit(numbers{1e-6, -1e-6}))[0], 1e-6 / (std::sqrt(2.) * 1e-6 + 1e-6), 1e-12));
}

TEST_CASE("group_relative: equal rewards have exactly no advantage, though their mean is rounded") {
  for (auto scale : {group_scale::group_std, group_scale::batch_std, group_scale::none})
    for (auto baseline : {group_baseline::mean, group_baseline::leave_one_out})
      for (int G : {2, 3, 7, 64, 1000})
        for (float r : {.1f, -.3f, 1e-6f, 3e5f, 0.f}) {
          auto z = run({.baseline = baseline, .scale = scale, .epsilon = 0}, bandit(std::vector<float>(G, r)));
          REQUIRE(std::count(z.begin(), z.end(), 0.f) == G);
        }
  for (int G : {3, 6, 100}) REQUIRE(run({.epsilon = 0}, bandit(numbers(G, .1))) == numbers(G, 0));
}

TEST_CASE("group_relative: rewards that differ by more than rounding are not taken for equal") {
  auto z = run({.epsilon = 0}, bandit(std::vector<float>{1, 1 + 1e-5f, 1, 1}));
  REQUIRE(close(z[1], 1.5, 2e-2));  // a float near 1 has two digits of 1e-5
  REQUIRE(close(run({.epsilon = 0}, bandit(numbers{5, 5 + 1e-9}))[0], -std::sqrt(.5), 1e-6));
}

TEST_CASE(
    "group_relative: leave-one-out without a scale is G / (G - 1) times the centered reward, the reward minus the mean "
    "of the others") {
  numbers r = uniform(5, 1);
  auto z = run({.baseline = group_baseline::leave_one_out, .scale = group_scale::none}, bandit(r));
  double sum = std::accumulate(r.begin(), r.end(), 0.);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(close(z[i], 5. / 4 * (r[i] - sum / 5), 1e-14));
    REQUIRE(close(z[i], r[i] - (sum - r[i]) / 4, 1e-14, 1e-15));
  }
}

TEST_CASE("group_relative: the only member of a group gets 0 or its raw return") {
  grouped<> b({1, 2, 1}, {1, 1, 1}, {3, 1, 4, -2});
  REQUIRE(run({}, b) == numbers(4, 0));
  REQUIRE(run({.single = group_of_one::raw}, b) == numbers{3, 5, 5, -2});
  REQUIRE(run({.by = credit::return_to_go, .single = group_of_one::raw}, b) == numbers{3, 5, 4, -2});
}

TEST_CASE("group_relative: credit::episode gives all steps of an episode one value, that of its discounted return") {
  grouped<> b({3, 1, 2}, {3}, {1, 0, 2, 5, -1, 1});
  auto z = run({.gamma = .5, .scale = group_scale::none}, b);
  numbers returns{1 + .25 * 2, 5, -1 + .5};
  double mean = (returns[0] + returns[1] + returns[2]) / 3;
  int const series_of[] = {0, 0, 0, 1, 2, 2};
  for (int i = 0; i < 6; ++i) REQUIRE(close(z[i], returns[series_of[i]] - mean, 1e-15));
}

TEST_CASE("group_relative: invalid steps have no reward and no place in the discount") {
  grouped<> b({4, 2}, {2},
              {1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 2, 4, 1});
  b.valid = {1, 0, 0, 1, 1, 1};
  auto z = run({.gamma = .5, .scale = group_scale::none}, b);
  double half = (1 + .5 * 2 - (4 + .5 * 1)) / 2;
  for (int i : {0, 3}) REQUIRE(close(z[i], half, 1e-15));
  for (int i : {4, 5}) REQUIRE(close(z[i], -half, 1e-15));
  REQUIRE_THROWS_AS(run({.by = credit::return_to_go}, b), value_error);
}

TEST_CASE("group_relative: says what is missing without groups, and refuses a discount out of its range") {
  auto b = bandit(numbers{1, 2});
  auto view = b.views();
  view.groups = {};
  REQUIRE_THROWS_AS(run({}, view), value_error);
  REQUIRE_THROWS_WITH(run({}, view), ContainsSubstring("group") && ContainsSubstring("rollout"));
  REQUIRE_THROWS_WITH(run({.gamma = 1.01}, b), ContainsSubstring("gamma is 1.01"));
}

TEST_CASE("group_relative: refuses more cells than a float can count, instead of mixing them up") {
  std::vector<float> rewards(4'200'000, 0);
  std::vector<int> lengths{4'199'996, 1, 1, 1, 1}, groups{1, 1, 1, 1, 1};
  REQUIRE_THROWS_WITH(run({.by = credit::return_to_go}, grouped<float>(lengths, groups, rewards)),
                      ContainsSubstring("exactly"));
}

TEST_CASE("group_relative: who is at the mean, up to rounding, gets 0 and nothing that is counted as an advantage") {
  REQUIRE((.1 + .2 + .3) / 3 != .2);
  for (auto scale : {group_scale::none, group_scale::group_std, group_scale::batch_std})
    for (double unit : {1e-100, 1., 1e100}) {
      auto at = [&](numbers rewards) {
        for (double& r : rewards) r *= unit;
        return advantages(group_relative{.scale = scale, .epsilon = 0}, bandit(rewards));
      };
      REQUIRE(at({.1, .2, .3})[1] == 0);
      REQUIRE(at({.1, .2, -.3, 0})[3] == 0);
      REQUIRE(at({1, 1 + 1e-13, 1 - 1e-13})[1] > 0);
    }
}
