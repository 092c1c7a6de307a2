#include <cohort/objective/expression.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/selection/divergence_bound.hpp>
#include <cohort/selection/off_policy_series.hpp>
#include <cohort/selection/ratio_bounds.hpp>
#include "../catch.hpp"
#include "selected.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

/// Steps with these log-ratios of learner to sampler, in one series or in those given.
steps_given with_log_ratios(numbers const& x, integers series_of = {}) {
  steps_given s{.sampler_logp = numbers(x.size(), -1),
                .series_of = series_of.empty() ? integers(x.size(), 0) : series_of};
  for (double d : x) s.old_logp.push_back(-1 + d);
  return s;
}

struct probability_gap {
  template <class S>
  constexpr S operator()(S const& p, S const& q) const {
    return abs(S(exp(p) - exp(q)));
  }
};

}  // namespace

TEST_CASE("ratio_bounds: the bounds are on the ratio of learner to sampler, not on its inverse") {
  auto s = with_log_ratios({std::log(.3), std::log(.6), 0, std::log(1.5), std::log(3)});
  REQUIRE(same(s(ratio_bounds{.low = .5, .high = 10}), {0, 1, 1, 1, 1}));  // on the inverse the last would go
  REQUIRE(same(s(ratio_bounds{.low = 0, .high = 2}), {1, 1, 1, 1, 0}));    // and here the first
  REQUIRE(same(s(ratio_bounds{.low = .5, .high = 2}), {0, 1, 1, 1, 0}));
}

TEST_CASE("ratio_bounds: both bounds themselves are inside") {
  auto s = with_log_ratios({0, .1});
  REQUIRE(same(s(ratio_bounds{.low = 1, .high = 1}), {1, 0}));
}

TEST_CASE("ratio_bounds: a series goes or stays as a whole, by the product of its ratios or their geometric mean") {
  auto s = with_log_ratios({1, -1, .5, .5, .5, .5, .5}, {0, 0, 1, 1, 1, 1, 1});
  REQUIRE(same(s(ratio_bounds{.over = ratio_over::series, .low = .5, .high = 2}), {1, 1, 0, 0, 0, 0, 0}));
  REQUIRE(same(s(ratio_bounds{.over = ratio_over::geometric_mean, .low = .5, .high = 2}), {1, 1, 1, 1, 1, 1, 1}));
  REQUIRE(same(s(ratio_bounds{.over = ratio_over::geometric_mean, .low = .5, .high = 1.5}), {1, 1, 0, 0, 0, 0, 0}));
  REQUIRE(same(s(ratio_bounds{.over = ratio_over::step, .low = .5, .high = 2}), {0, 0, 1, 1, 1, 1, 1}));
}

TEST_CASE("divergence_bound: of a step, or the sum, mean and largest of its series") {
  auto s = with_log_ratios({.1, -.2, .6, .1, .1, .1}, {0, 0, 0, 1, 1, 1});  // k2: .005, .02, .18; .005 each
  using d = divergence_bound<k2>;
  REQUIRE(same(s(d{.most = .1}), {1, 1, 0, 1, 1, 1}));
  REQUIRE(same(s(d{.most = .2, .over = bounded_over::series_sum}), {0, 0, 0, 1, 1, 1}));
  REQUIRE(same(s(d{.most = .21, .over = bounded_over::series_sum}), {1, 1, 1, 1, 1, 1}));
  REQUIRE(same(s(d{.most = .068, .over = bounded_over::series_mean}), {0, 0, 0, 1, 1, 1}));
  REQUIRE(same(s(d{.most = .069, .over = bounded_over::series_mean}), {1, 1, 1, 1, 1, 1}));
  REQUIRE(same(s(d{.most = .17, .over = bounded_over::series_max}), {0, 0, 0, 1, 1, 1}));
  REQUIRE(same(s(d{.most = .19, .over = bounded_over::series_max}), {1, 1, 1, 1, 1, 1}));
  REQUIRE(same(with_log_ratios({0, .1})(d{.most = 0}), {1, 0}));
}

TEST_CASE("divergence_bound: k3 is that of the sampler from the learner, rho - 1 - log rho") {
  double more = 3 - 1 - std::log(3), less = 1. / 3 - 1 + std::log(3);
  auto s = with_log_ratios({std::log(3), -std::log(3)});
  REQUIRE(same(s(divergence_bound<>{.most = (more + less) / 2}), {0, 1}));
  REQUIRE(same(s(divergence_bound<>{.most = more + 1e-12}), {1, 1}));
  REQUIRE(same(s(divergence_bound<>{.most = less - 1e-12}), {0, 0}));
}

TEST_CASE("divergence_bound: one's own divergence of the two log-probabilities") {
  steps_given s{
      .sampler_logp = {std::log(.5), std::log(.5)}, .old_logp = {std::log(.6), std::log(.52)}, .series_of = {0, 0}};
  REQUIRE(same(s(divergence_bound<probability_gap>{.most = .05}), {0, 1}));
  REQUIRE(same(s(divergence_bound<probability_gap>{.most = .05, .over = bounded_over::series_max}), {0, 0}));
}

TEST_CASE("ratio_bounds and divergence_bound: verl's rejection by k1, k2 and k3", "[golden]") {
  auto t = golden::read("objective/verl_correction.txt");
  steps_given s{.sampler_logp = golden::row(t, "sampler_logp"),
                .old_logp = golden::row(t, "logp"),
                .valid = cast<std::uint8_t>(golden::row(t, "valid")),
                .series_of = series_from(t)};
  auto check = [&](std::string const& option, auto const& selection) {
    CAPTURE(option);
    REQUIRE(same(s(selection), golden::row(t, "reject/" + option)));
  };
  // Its bounds of k1 are on sampler over learner.
  check("token_k1", ratio_bounds{.low = 1 / 1.5, .high = 1 / .6});
  check("seq_sum_k1", ratio_bounds{.over = ratio_over::series, .low = 1 / 2.5, .high = 1 / .5});
  check("seq_mean_k1", ratio_bounds{.over = ratio_over::geometric_mean, .low = 1 / 1.1, .high = 1 / .9});
  check("token_k2", divergence_bound<k2>{.most = .1});
  check("token_k3", divergence_bound<k3>{.most = .08});
  check("seq_sum_k2", divergence_bound<k2>{.most = .7, .over = bounded_over::series_sum});
  check("seq_sum_k3", divergence_bound<k3>{.most = .8, .over = bounded_over::series_sum});
  check("seq_mean_k2", divergence_bound<k2>{.most = .07, .over = bounded_over::series_mean});
  check("seq_mean_k3", divergence_bound<k3>{.most = .09, .over = bounded_over::series_mean});
  check("seq_max_k2", divergence_bound<k2>{.most = .4, .over = bounded_over::series_max});
  check("seq_max_k3", divergence_bound<k3>{.most = .3, .over = bounded_over::series_max});
  auto both = s(ratio_bounds{.low = 1 / 1.5, .high = 1 / .6}),
       second = s(divergence_bound<k3>{.most = .09, .over = bounded_over::series_mean});
  for (std::size_t i = 0; i < both.size(); ++i) both[i] *= second[i];
  REQUIRE(same(both, golden::row(t, "reject/token_k1,seq_mean_k3")));
}

TEST_CASE("kl_mask: measures from the policy as it is now") {
  steps_given s{.sampler_logp = {-1, -1, -1, 0}, .logp = {-1.3, -1.5, -.5, not_a_number}, .valid = {1, 1, 1, 0}};
  REQUIRE(same(s(kl_mask{.threshold = .1}), {1, 0, 0, 0}));
  REQUIRE(same(s(kl_mask{.threshold = .2}), {1, 1, 1, 0}));
}

TEST_CASE("kl_mask: the steps to which TorchRL's GRPO with kl_mask_threshold gives a gradient", "[golden]") {
  auto t = golden::read("objective/torchrl_language.txt");
  steps_given s{.sampler_logp = golden::row(t, "old_logp"),
                .logp = golden::row(t, "logp"),
                .valid = cast<std::uint8_t>(golden::row(t, "valid"))};
  auto weight = s(kl_mask{.threshold = .08});
  auto const &with = golden::row(t, "grpo_kl_mask/logp"), &without = golden::row(t, "grpo/logp");
  double kept = 0, valid = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) kept += weight[i], valid += s.valid[i];
  REQUIRE((kept > 0 && kept < valid));
  for (std::size_t i = 0; i < weight.size(); ++i) REQUIRE(close(with[i], weight[i] * without[i] * valid / kept, 1e-10));
}

TEST_CASE("off_policy_series: leaves out what has a negative advantage and a mean beyond delta, and nothing else") {
  steps_given s{.sampler_logp = {-1, -1, -1, -1, -1, -1},
                .logp = {-2, -1, -2, -1, -1.25, -1.25},
                .advantage = {-1, -1, 1, 1, -1, -1},
                .series_of = {0, 0, 1, 1, 2, 2}};
  REQUIRE(same(s(off_policy_series{.delta = .4}), {0, 0, 1, 1, 1, 1}));
  REQUIRE(same(s(off_policy_series{.delta = .5}), {1, 1, 1, 1, 1, 1}));  // exactly delta
  REQUIRE(same(s(off_policy_series{.delta = .2}), {0, 0, 1, 1, 0, 0}));
  s.advantage = {-1, 0, -1, 1, 1, -1};
  REQUIRE(same(s(off_policy_series{.delta = .2}), {0, 1, 0, 1, 1, 0}));
}

TEST_CASE("off_policy_series: TRL's off-policy mask", "[golden]") {
  auto t = golden::read("objective/trl_grpo.txt");
  steps_given s{.sampler_logp = golden::row(t, "old_logp"),
                .logp = golden::row(t, "logp"),
                .valid = cast<std::uint8_t>(golden::row(t, "valid")),
                .series_of = series_from(t)};
  s.advantage = broadcast_series(golden::row(t, "advantage"), s.series_of);
  auto expected = broadcast_series(golden::row(t, "off_policy_mask"), s.series_of);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] *= s.valid[i];
  REQUIRE(same(s(off_policy_series{.delta = .05}), expected));
}

TEST_CASE("masks of series: invalid steps count in nothing, and a series without a valid step is no trouble") {
  auto s = with_log_ratios({.1, not_a_number, .1, infinity, .1}, {0, 0, 1, 1, 2});
  s.logp = s.old_logp, s.advantage = {-1, not_a_number, -1, -1, -1};
  s.valid = {1, 0, 1, 0, 0};
  auto check = [&](auto const& selection) {
    REQUIRE(same(s(selection), {1, 0, 1, 0, 0}));
    auto none = s;
    none.valid = flags(5, 0);
    REQUIRE(same(none(selection), numbers(5, 0)));
    REQUIRE(steps_given{}(selection).empty());
  };
  check(ratio_bounds{.over = ratio_over::series});
  check(ratio_bounds{.over = ratio_over::geometric_mean});
  for (bounded_over over :
       {bounded_over::step, bounded_over::series_sum, bounded_over::series_mean, bounded_over::series_max})
    check(divergence_bound<>{.over = over});
  check(off_policy_series{});
}

TEST_CASE("masks of series: the order of the steps changes no choice") {
  auto x = uniform(40, 1);
  integers series_of, order;
  for (std::int32_t i = 0; i < 40; ++i) series_of.push_back(i / 8), order.push_back(i * 7 % 40);
  auto s = with_log_ratios(x, series_of);
  s.logp = s.old_logp, s.advantage = numbers(40, -1);
  auto check = [&](auto const& selection) {
    auto plain = s(selection), mixed = s.in_order(order)(selection);
    double kept = 0;
    for (std::size_t k = 0; k < 40; ++k) {
      kept += plain[k];
      REQUIRE(mixed[k] == plain[std::size_t(order[k])]);
    }
    REQUIRE((kept > 0 && kept < 40));
  };
  check(ratio_bounds{.over = ratio_over::geometric_mean, .low = .9, .high = 1.1});
  check(divergence_bound<>{.most = .15, .over = bounded_over::series_mean});
  check(off_policy_series{.delta = 0});
}

TEST_CASE("masks: bad parameters are refused in one sentence") {
  auto s = with_log_ratios({0});
  REQUIRE_THROWS_WITH(s(ratio_bounds{.low = 3, .high = 2}),
                      ContainsSubstring("ratio_bounds: low is 3, expected a number in [0, high]"));
  REQUIRE_THROWS_WITH(s(ratio_bounds{.low = 0, .high = 0}), ContainsSubstring("high is 0"));
  REQUIRE_THROWS_WITH(s(divergence_bound<>{.most = -1}),
                      ContainsSubstring("divergence_bound: most is -1, expected 0 or a positive number"));
  REQUIRE_THROWS_WITH(s(kl_mask{.threshold = not_a_number}), ContainsSubstring("kl_mask: threshold"));
  REQUIRE_THROWS_WITH(s(off_policy_series{.delta = not_a_number}), ContainsSubstring("off_policy_series: delta"));
  REQUIRE_THROWS_WITH(s(off_policy_series{}),
                      ContainsSubstring("off_policy_series reads logp, which this batch does not have"));
}

TEST_CASE("weighted: a selection's terms are among those that the batch must have") {
  REQUIRE(terms_read_by(weighted(ratio_bounds{}, log_likelihood{})) ==
          (needs::logp | needs::old_logp | needs::sampler_logp));
  REQUIRE(terms_read_by(weighted(off_policy_series{}, weighted(kl_mask{}, log_likelihood{}))) ==
          (needs::logp | needs::sampler_logp | needs::advantage));
}
