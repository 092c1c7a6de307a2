#include <cohort/selection/clip_cov.hpp>
#include <cohort/selection/kl_cov.hpp>
#include <cohort/selection/top_entropy.hpp>
#include <numeric>
#include "../catch.hpp"
#include "selected.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

stream_id draws_of(std::uint64_t seed, std::uint32_t step = 0) { return {seed, draw_purpose::user, step}; }

/// n steps with random advantages and log-probabilities, half of them invalid if asked.
steps_given random_steps(std::ptrdiff_t n, bool some_invalid = false) {
  steps_given s{.old_logp = uniform(n, 1, -.3, .3),
                .logp = uniform(n, 2, -3, 0),
                .advantage = uniform(n, 3, -2, 2),
                .entropy = uniform(n, 4, 0, 3)};
  for (std::size_t i = 0; i < s.logp.size(); ++i) s.old_logp[i] += s.logp[i];
  if (some_invalid) s.valid = coins(n, 5, .5);
  return s;
}
/// Covariances are x[i] times the sign of the step, with both means 0.
steps_given with_covariances(numbers const& c) {
  steps_given s;
  for (double x : c)
    for (double sign : {1., -1.})
      s.advantage.push_back(sign), s.logp.push_back(-10 + sign * x), s.old_logp.push_back(-10 + sign * x);
  return s;
}
std::vector<std::size_t> where(numbers const& weight, double value) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < weight.size(); ++i)
    if (weight[i] == value) result.push_back(i);
  return result;
}
double total(numbers const& w) { return std::accumulate(w.begin(), w.end(), 0.); }

constexpr clip_cov all_candidates{.share = 1, .low = .3, .high = 1.5};

}  // namespace

TEST_CASE("top_entropy: keeps the steps that reach the quantile, interpolated linearly") {
  steps_given s{.entropy = {5, 1, 4, 2, 3}};
  REQUIRE(same(s(top_entropy{.share = .25}), {1, 0, 1, 0, 0}));  // at 4 exactly
  REQUIRE(same(s(top_entropy{.share = .24}), {1, 0, 0, 0, 0}));  // at 4.04
  REQUIRE(same(s(top_entropy{.share = .4}), {1, 0, 1, 0, 0}));   // at 3.4
  REQUIRE(same(s(top_entropy{.share = .5}), {1, 0, 1, 0, 1}));
}

TEST_CASE("top_entropy: the largest at share 0, all at share 1, and all that are equal to the last one in") {
  steps_given s{.entropy = {2, 1, 2, 0, .5}};
  REQUIRE(same(s(top_entropy{.share = 0}), {1, 0, 1, 0, 0}));
  REQUIRE(same(s(top_entropy{.share = 1}), {1, 1, 1, 1, 1}));
  REQUIRE(same(steps_given{.entropy = numbers(7, .3)}(top_entropy{.share = .1}), numbers(7, 1)));
  REQUIRE(same(steps_given{.entropy = {1.5}}(top_entropy{}), {1}));
}

TEST_CASE("top_entropy: a share that divides the batch keeps exactly that share") {
  steps_given s{.entropy = {}};
  for (int i = 0; i <= 10; ++i)
    s.entropy.push_back(std::exp(i - 6.));  // far apart, where one rounding up of the position would lose a step
  for (int k = 0; k <= 10; ++k) {
    CAPTURE(k);
    REQUIRE(total(s(top_entropy{.share = k / 10.})) == k + 1);
  }
}

TEST_CASE("top_entropy: TRL's high-entropy mask", "[golden]") {
  auto t = golden::read("objective/trl_grpo.txt");
  steps_given s{.entropy = golden::row(t, "entropy"), .valid = cast<std::uint8_t>(golden::row(t, "valid"))};
  REQUIRE(same(s(top_entropy{.share = .3}), golden::row(t, "high_entropy_mask")));
}

TEST_CASE("kl_cov: 1 for the share of valid steps with the largest covariance, at least one, none for share 0") {
  auto s = with_covariances({.1, .5, .3, .2});
  REQUIRE(same(s(kl_cov{.share = .5}), {0, 0, 1, 1, 1, 1, 0, 0}));
  REQUIRE(same(s(kl_cov{.share = .49}), {0, 0, 1, 1, 1, 0, 0, 0}));  // floor(3.92), and of equals the first
  REQUIRE(same(s(kl_cov{}), {0, 0, 1, 0, 0, 0, 0, 0}));
  REQUIRE(same(s(kl_cov{.share = 0}), numbers(8, 0)));
  REQUIRE(same(s(kl_cov{.share = 1}), numbers(8, 1)));
}

TEST_CASE("kl_cov: ties are decided by the step's index") {
  steps_given s{.logp = numbers(6, -1), .advantage = {3, 1, 2, 4, 5, 6}};  // all covariances are 0
  REQUIRE(same(s(kl_cov{.share = .5}), {1, 1, 1, 0, 0, 0}));
}

TEST_CASE("kl_cov: the steps that verl penalizes", "[golden]") {
  auto t = golden::read("objective/verl_policy.txt");
  steps_given s{.logp = golden::row(t, "logp"),
                .advantage = golden::row(t, "token_advantage"),
                .valid = cast<std::uint8_t>(golden::row(t, "valid"))};
  auto weight = s(kl_cov{.share = .1});
  REQUIRE(total(weight) == 7);
  REQUIRE(same(weight, golden::row(t, "kl_cov/chosen")));
}

TEST_CASE(
    "clip_cov: leaves out only steps with a covariance between the bounds that the ratio's clip does not hold "
    "already") {
  auto s = with_covariances({.1, .5, 1.2, 2});
  REQUIRE(same(s(clip_cov{.share = 1, .low = .2, .high = 1.5}), {1, 1, 0, 0, 0, 0, 1, 1}));
  s.old_logp[2] -= .3;  // A > 0 and the ratio above 1.2
  s.old_logp[3] -= .3;  // A < 0: not clipped there
  s.old_logp[4] += .3;  // A > 0 and the ratio below .8: not clipped
  s.old_logp[5] += .3;
  REQUIRE(same(s(clip_cov{.share = 1, .low = .2, .high = 1.5}), {1, 1, 1, 0, 0, 1, 1, 1}));
  REQUIRE(same(s(clip_cov{.share = 1, .low = .2, .high = 1.5, .epsilon_high = .5}), {1, 1, 0, 0, 0, 1, 1, 1}));
  REQUIRE(same(s(clip_cov{.share = 1, .low = .2, .high = 1.5, .epsilon = infinity}), {1, 1, 0, 0, 0, 0, 1, 1}));
}

TEST_CASE("clip_cov: at least one, and the rounded-down share of all valid steps; none for share 0") {
  auto s = random_steps(200, true);
  double valid = std::accumulate(s.valid.begin(), s.valid.end(), 0.), candidates = valid - total(s(all_candidates));
  REQUIRE(candidates > 10);
  auto left_out = [&](double share) {
    return valid - total(s(clip_cov{.share = share, .low = .3, .high = 1.5}, draws_of(3)));
  };
  REQUIRE(left_out(0) == 0);
  REQUIRE(left_out(1e-6) == 1);
  REQUIRE(left_out(5.5 / valid) == 5);
  REQUIRE(left_out(1) == candidates);
  REQUIRE(same(s(clip_cov{.share = 1, .low = 50, .high = 60}), cast<double>(s.valid)));  // no candidate
}

TEST_CASE("clip_cov: its random choice is seeded: the same seed and step choose the same, others choose others") {
  auto s = random_steps(2000);
  auto chosen = [&](stream_id draws) { return where(s(clip_cov{.share = .02, .low = .3, .high = 1.5}, draws), 0); };
  auto first = chosen(draws_of(1));
  REQUIRE(first.size() == 40);
  REQUIRE(chosen(draws_of(1)) == first);
  REQUIRE(chosen(draws_of(2)) != first);
  REQUIRE(chosen(draws_of(1, 1)) != first);
}

TEST_CASE("clip_cov: the choice is the same on every number of threads") {
  auto s = random_steps(5000, true);
  cpu one(cohort::eigen::options{.threads = 1}), four(cohort::eigen::options{.threads = 4});
  clip_cov select{.share = .02, .low = .3, .high = 1.5};
  REQUIRE(s.weights_by(select, one, draws_of(5)) == s.weights_by(select, four, draws_of(5)));
}

TEST_CASE("clip_cov: every candidate is as likely as every other") {
  auto s = random_steps(200);
  auto candidates = where(s(all_candidates), 0);
  std::vector<int> times(200);
  constexpr int trials = 4000;
  for (int trial = 0; trial < trials; ++trial)
    for (std::size_t i : where(s(clip_cov{.share = .05, .low = .3, .high = 1.5}, draws_of(9, std::uint32_t(trial))), 0))
      ++times[i];
  double p = 10. / double(candidates.size()), deviation = std::sqrt(trials * p * (1 - p));
  REQUIRE(candidates.size() > 20);
  for (std::size_t i : candidates) REQUIRE(std::abs(times[i] - trials * p) < 4.5 * deviation);
  REQUIRE(std::accumulate(times.begin(), times.end(), 0) == trials * 10);
}

TEST_CASE("clip_cov: its candidates and their number are verl's", "[golden]") {
  // verl's choice was recorded with the first candidates in place of random ones.
  auto t = golden::read("objective/verl_policy.txt");
  steps_given s{.old_logp = golden::row(t, "old_logp"),
                .logp = golden::row(t, "logp"),
                .advantage = golden::row(t, "token_advantage"),
                .valid = cast<std::uint8_t>(golden::row(t, "valid"))};
  clip_cov select{.share = 1, .low = .2, .high = 1.5, .epsilon = .2, .epsilon_high = .28};
  auto out = [&](clip_cov const& c) {
    auto weight = s(c, draws_of(4));
    for (std::size_t i = 0; i < weight.size(); ++i)
      if (!s.valid[i]) REQUIRE(std::exchange(weight[i], 1) == 0);
    return where(weight, 0);
  };
  auto candidates = out(select), theirs = where(golden::row(t, "clip_cov/chosen"), 1);
  REQUIRE(theirs.size() == 3);
  REQUIRE(candidates.size() > theirs.size());
  REQUIRE(std::equal(theirs.begin(), theirs.end(), candidates.begin()));
  select.share = .05;
  auto ours = out(select);
  REQUIRE(ours.size() == theirs.size());
  REQUIRE(std::includes(candidates.begin(), candidates.end(), ours.begin(), ours.end()));
}

TEST_CASE("ranked selections: invalid steps count in nothing, and all invalid or no steps at all are no trouble") {
  auto check = [](auto const& selection) {
    auto s = random_steps(60), fewer = s;
    s.valid = coins(60, 5, .5);
    integers order;
    for (std::int32_t i = 0; i < 60; ++i)
      if (s.valid[std::size_t(i)]) order.push_back(i);
      else
        s.logp[std::size_t(i)] = s.advantage[std::size_t(i)] = s.entropy[std::size_t(i)] = s.old_logp[std::size_t(i)] =
            not_a_number;
    auto weight = s(selection), alone = fewer.in_order(order)(selection);
    for (std::size_t i = 0; i < 60; ++i) REQUIRE((s.valid[i] || weight[i] == 0));
    for (std::size_t k = 0; k < order.size(); ++k) REQUIRE(weight[std::size_t(order[k])] == alone[k]);
    s.valid = flags(60, 0);
    REQUIRE(same(s(selection), numbers(60, 0)));
    REQUIRE(steps_given{}(selection).empty());
  };
  check(top_entropy{});
  check(kl_cov{.share = .2});
  check(all_candidates);
}

TEST_CASE("ranked selections: where a valid step has no number the weights have none, so that it is seen") {
  auto s = random_steps(6);
  s.advantage[2] = s.entropy[2] = not_a_number;
  s.valid = {1, 1, 1, 1, 1, 0};
  auto check = [&](auto const& selection) {
    auto weight = s(selection);
    for (int i = 0; i < 5; ++i) REQUIRE(std::isnan(weight[std::size_t(i)]));
    REQUIRE(weight[5] == 0);
  };
  check(top_entropy{});
  check(kl_cov{});
  check(all_candidates);
}

TEST_CASE("ranked selections: in float they choose the same as in double where no two steps are nearly equal") {
  auto s = random_steps(300, true);
  cohort::eigen::basic_backend<float> single;
  auto check = [&](auto const& selection) {
    REQUIRE(s.weights_by<float>(selection, single, draws_of(6)) == cast<float>(s(selection, draws_of(6))));
  };
  check(top_entropy{});
  check(kl_cov{.share = .1});
  check(clip_cov{.share = .1, .low = .3, .high = 1.5});
}

TEST_CASE("ranked selections: bad parameters are refused in one sentence") {
  auto s = random_steps(4);
  for (double share : {-.1, 1.1, not_a_number}) {
    REQUIRE_THROWS_WITH(s(top_entropy{.share = share}), ContainsSubstring("top_entropy: share is"));
    REQUIRE_THROWS_WITH(s(kl_cov{.share = share}), ContainsSubstring("kl_cov: share is"));
    REQUIRE_THROWS_WITH(s(clip_cov{.share = share}), ContainsSubstring("expected a number in [0, 1]"));
  }
  REQUIRE_THROWS_WITH(s(clip_cov{.low = 3, .high = 2}),
                      ContainsSubstring("clip_cov: low is 3, expected a number up to high"));
  REQUIRE_THROWS_WITH(s(clip_cov{.epsilon = 0}), ContainsSubstring("clip_cov: epsilon is 0"));
  REQUIRE_THROWS_WITH(s(clip_cov{.epsilon_high = -1}), ContainsSubstring("clip_cov: epsilon_high is -1"));
  s.entropy.clear();
  REQUIRE_THROWS_WITH(s(top_entropy{}), ContainsSubstring("top_entropy reads entropy, which this batch does not have"));
}
