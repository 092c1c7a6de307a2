#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_and_value.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/whitened.hpp>
#include "../catch.hpp"
#include "grouped.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

double const nan_ = std::numeric_limits<double>::quiet_NaN();

/// Answers whose rewards add up to the same, but for rounding, since they come in any order.
template <class T>
grouped<T> equal_but_for_rounding(T unit) {
  std::vector<T> rewards;
  for (int share : {1, 2, 3, 3, 1, 2, 2, 3, 1, 6, 4, 2}) rewards.push_back(unit * T(share));
  return {{3, 3, 3, 1, 2}, {3, 2}, rewards};
}

}  // namespace

TEMPLATE_TEST_CASE(
    "edges: of scores that are equal but for rounding nothing is left, and whitened finds nothing to enlarge", "",
    float, double) {
  using T = TestType;
  for (T unit : {T(.1), T(1.1), T(1000.1), T(-.7)}) {
    auto b = equal_but_for_rounding<T>(unit);
    std::vector<T> zeros(12);
    REQUIRE(advantages(opo{}, b) == zeros);
    REQUIRE(advantages(whitened{opo{}}, b) == zeros);
    REQUIRE(advantages(whitened{gpg{}}, b) == zeros);
    REQUIRE(advantages(whitened{max_rl{}}, b) == zeros);
    REQUIRE(advantages(best_of_group{.epsilon = 0}, b) == zeros);
    REQUIRE(advantages(best_of_group{.scale = false}, b) == zeros);
    REQUIRE(advantages(whitened{group_relative{.scale = group_scale::none}}, b) == zeros);
  }
}

TEMPLATE_TEST_CASE("standardize: equal elements become 0 whatever their number and size, with and without a mask", "",
                   float, double) {
  using T = TestType;
  eigen::basic_backend<T> backend;
  for (int n : {2, 3, 7, 100, 4097, 100'000})
    for (T x : {T(.1), T(-1000.1), T(1e-7), T(3e10)}) {
      std::vector<T> v(n, x), zeros(n);
      standardize{}(backend, all(v));
      REQUIRE(v == zeros);
      v.assign(n, x);
      flags valid = coins(n, 3, .5);
      valid[0] = valid[1] = 1;
      for (int i = 0; i < n; ++i)
        if (!valid[i]) v[i] = T(nan_);
      standardize{}(backend, all(v), all(std::as_const(valid)));
      for (int i = 0; i < n; ++i)
        if (valid[i]) REQUIRE(v[i] == 0);
    }
}

TEST_CASE(
    "pass_at_k: in a group smaller than k the chance is that of all the others, and of a single wrong one it is 0") {
  REQUIRE(advantages(pass_at_k{.k = 4}, bandit<double>({0, 0})) == numbers{0, 0});
  REQUIRE(advantages(pass_at_k{.k = 4}, bandit<double>({0, 1, 0})) == numbers{4, 4, 4});
  REQUIRE(advantages(pass_at_k{.k = 3}, bandit<double>({0})) == numbers{0});
  REQUIRE(advantages(pass_at_k{.k = 3}, bandit<double>({1})) == numbers{3});
}

TEST_CASE(
    "group_relative: a scored step that is invalid has no reward, and invalid steps take no time from process "
    "supervision") {
  grouped<double> b{{3, 2}, {2}, {1, nan_, 3, 2, 6}};
  b.valid = {1, 0, 1, 1, 1};
  flags scored{1, 1, 1, 1, 1};
  b.terminated[1] = 1;  // nor do they end anything
  auto view = b.views();
  auto without = advantages(group_relative{.by = credit::process, .gamma = .5}, view);
  view.scored = all(std::as_const(scored));
  REQUIRE(advantages(group_relative{.by = credit::process, .gamma = .5}, view) == without);
  double z[] = {-2, 0, 0, -1, 3}, deviation = std::sqrt(14. / 3) + 1e-6;
  REQUIRE(close(without[0], (z[0] + .5 * z[2]) / deviation, 1e-14));
  REQUIRE(close(without[3], (z[3] + .5 * z[4]) / deviation, 1e-14));
  REQUIRE(advantages(group_relative{.by = credit::step}, view)[1] == 0);
}

TEST_CASE("group_and_value: an estimate without targets is the same, and it says itself that it needs groups") {
  grouped<double> b{{2, 1}, {2}, {1, 2, 5}};
  numbers value{1, 2, 3};
  auto view = b.views();
  view.value = view.next_value = all(std::as_const(value));
  REQUIRE(advantages(group_and_value{.mix = .5}, view) == numbers{3 - 2.5, 2 - 3., 5 - 3.5});
  view.groups = {};
  REQUIRE_THROWS_WITH(advantages(group_and_value{}, view),
                      ContainsSubstring("group_and_value needs to know which series form a group"));
}

TEST_CASE("several rewards: where no series has any there is no advantage") {
  auto b = bandit<double>({1, 2, 3});
  numbers scores(6, nan_);
  auto view = b.views();
  view.scores = matrix(std::as_const(scores), 3);
  REQUIRE(advantages(weighted_rewards{}, view) == numbers{0, 0, 0});
  REQUIRE(advantages(gdpo{}, view) == numbers{0, 0, 0});
  REQUIRE(advantages(gdpo{.over = averaged_over::series}, view) == numbers{0, 0, 0});
}

TEST_CASE("wrappers: train learns through them that the reference is read; gdpo refuses a KL that it could not see") {
  using around = decltype(clipped_advantage{.estimator = whitened{kl_in_reward{.estimator = monte_carlo{}}}});
  STATIC_REQUIRE((detail::needs_of<around>() & needs::everything) == needs::ref_logp);
  STATIC_REQUIRE(detail::needs_of<decltype(whitened{monte_carlo{}})>() == 0);
  auto b = bandit<double>({1, 2, 3});
  auto view = b.views();
  view.sampler_logp = view.ref_logp = all(std::as_const(b.reward));
  REQUIRE_THROWS_WITH(advantages(kl_in_reward{.estimator = gdpo{}}, view),
                      ContainsSubstring("use kl_to_go or a kl_penalty"));
  REQUIRE_THROWS_WITH(advantages(kl_in_reward{.estimator = whitened{gdpo{}}}, view),
                      ContainsSubstring("use kl_to_go or a kl_penalty"));
}
