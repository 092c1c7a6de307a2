#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/preset/recorded_batch.hpp>
#include <cohort/selection/high_return.hpp>
#include "../catch.hpp"
#include "selected.hpp"

using Catch::Matchers::ContainsSubstring;

TEST_CASE("high_return: chooses what is above the threshold, and not the threshold itself") {
  steps_given s{.target = {1, 0, .5, -1, .75}};
  REQUIRE(same(s(high_return{}), {1, 0, 0, 0, 1}));
  REQUIRE(same(s(high_return{.threshold = 0}), {1, 0, 1, 0, 1}));
  REQUIRE(same(s(high_return{.threshold = -infinity}), {1, 1, 1, 1, 1}));
  REQUIRE(same(s(high_return{.threshold = 1}), {0, 0, 0, 0, 0}));
}

TEST_CASE(
    "high_return: normalized, the mean over all valid steps is that over the chosen ones, and nothing where none is") {
  steps_given s{.target = {1, 0, not_a_number, 1, 0, 0, infinity}, .valid = {1, 1, 0, 1, 1, 1, 0}};
  REQUIRE(same(s(high_return{.normalize = true}), {2.5, 0, 0, 2.5, 0, 0, 0}, 1e-15));
  s.target = numbers(7, 0);
  REQUIRE(same(s(high_return{.normalize = true}), numbers(7, 0)));
  s.valid = flags(7, 0);
  REQUIRE(same(s(high_return{.threshold = -1, .normalize = true}), numbers(7, 0)));
}

TEST_CASE("high_return: needs targets, and a number") {
  steps_given s{.advantage = {1}};
  REQUIRE_THROWS_WITH(s(high_return{}), ContainsSubstring("high_return reads target, which this batch does not have"));
  s.target = {1};
  REQUIRE_THROWS_WITH(s(high_return{.threshold = not_a_number}), ContainsSubstring("high_return: threshold"));
  REQUIRE(terms_read_by(weighted(high_return{}, log_likelihood{})) == (needs::target | needs::logp));
}

TEST_CASE("high_return: the likelihood of the answers that are right, as a mean over their tokens") {
  preset::recorded_batch batch;
  auto logp = uniform(9, 1, -3, -.1);
  auto answer = [&](int first, int length, double score) {
    preset::recorded_series s;
    s.reward = numbers(std::size_t(length), 0), s.reward.back() = score;
    s.logp = s.old_logp = numbers(logp.begin() + first, logp.begin() + first + length),
    s.value = uniform(length, std::uint32_t(first));
    return s;
  };
  batch.add_group({answer(0, 3, 1), answer(3, 2, 0), answer(5, 4, 1)});
  cpu backend;
  auto found = preset::apply(backend, monte_carlo{.gamma = 1},
                             .1 * weighted(high_return{.normalize = true}, log_likelihood{}), step_mean{}, batch);
  double expected = 0;
  for (int i : {0, 1, 2, 5, 6, 7, 8}) expected -= .1 * logp[std::size_t(i)] / 7;
  REQUIRE(close(found.total, expected, 1e-13));
  for (int i = 0; i < 9; ++i) REQUIRE(close(found.logp[std::size_t(i)], i == 3 || i == 4 ? 0 : -.1 / 7, 1e-13));
}
