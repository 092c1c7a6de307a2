#include <cohort/selection/effective_sample_size.hpp>
#include <cohort/selection/importance_weights.hpp>
#include "../catch.hpp"
#include "selected.hpp"

namespace {

/// Ratios of learner to sampler in two series: 0.25, 3 and 0.5, 1, 4.
steps_given two_series() {
  steps_given s{.sampler_logp = {-1, -2, -3, -1.5, -.5}, .series_of = {0, 0, 1, 1, 1}};
  double const ratios[] = {.25, 3, .5, 1, 4};
  for (std::size_t i = 0; i < 5; ++i) s.old_logp.push_back(s.sampler_logp[i] + std::log(ratios[i]));
  return s;
}

steps_given verl(golden::table const& t) {
  return {.sampler_logp = golden::row(t, "sampler_logp"),
          .old_logp = golden::row(t, "logp"),
          .valid = cast<std::uint8_t>(golden::row(t, "valid")),
          .series_of = series_from(t)};
}

}  // namespace

TEST_CASE("importance_weights: min(rho, high), or 0 outside the bounds, of each step") {
  auto s = two_series();
  REQUIRE(same(s(importance_weights{}), {.25, 2, .5, 1, 2}, 1e-14));
  REQUIRE(same(s(importance_weights{.low = .6, .high = 3.5}), {.6, 3, .6, 1, 3.5}, 1e-14));
  REQUIRE(same(s(importance_weights{.beyond = beyond_bounds::mask, .low = .3, .high = 3.5}), {0, 3, .5, 1, 0}, 1e-14));
  REQUIRE(same(s(importance_weights{.high = infinity}), {.25, 3, .5, 1, 4}, 1e-14));
}

TEST_CASE(
    "importance_weights: of a series it is the product of its ratios, or their geometric mean, at each of its steps") {
  auto s = two_series();
  double root = std::sqrt(.75), cube = std::cbrt(2);
  REQUIRE(same(s(importance_weights{.over = ratio_over::series, .high = infinity}), {.75, .75, 2, 2, 2}, 1e-14));
  REQUIRE(same(s(importance_weights{.over = ratio_over::geometric_mean, .high = infinity}),
               {root, root, cube, cube, cube}, 1e-14));
  REQUIRE(same(s(importance_weights{.over = ratio_over::series, .high = 1.5}), {.75, .75, 1.5, 1.5, 1.5}, 1e-14));
  REQUIRE(same(s(importance_weights{.over = ratio_over::series, .beyond = beyond_bounds::mask, .high = 1.5}),
               {.75, .75, 0, 0, 0}, 1e-14));
}

TEST_CASE("importance_weights: TRL's sequence_mask drops a series above its upper bound only") {
  importance_weights trl{.over = ratio_over::series, .beyond = beyond_bounds::mask, .high = 3};
  auto s = two_series();
  REQUIRE(same(s(trl), {.75, .75, 2, 2, 2}, 1e-14));
  s.old_logp[4] += std::log(1.6);  // the product is 3.2
  s.old_logp[0] -= 15;
  REQUIRE(same(s(trl), {.75 * std::exp(-15), .75 * std::exp(-15), 0, 0, 0}, 1e-13));
}

TEST_CASE("importance_weights: divided by their mean they have mean 1, over steps or over series") {
  auto s = two_series();
  s.valid = {1, 1, 1, 0, 1};
  REQUIRE(same(s(importance_weights{.high = 10, .normalize = true}),
               {.25 / 1.9375, 3 / 1.9375, .5 / 1.9375, 0, 4 / 1.9375}, 1e-14));
  REQUIRE(same(s(importance_weights{.over = ratio_over::series, .high = 10, .normalize = true}),
               {.75 / 1.375, .75 / 1.375, 2 / 1.375, 0, 2 / 1.375}, 1e-14));
  REQUIRE(same(s(importance_weights{.beyond = beyond_bounds::mask, .low = 9, .high = 10, .normalize = true}),
               {0, 0, 0, 0, 0}));  // no mean to divide by
}

TEST_CASE("importance_weights: the log-ratio is held at +-20, of a series after it is summed") {
  steps_given s{.sampler_logp = {-1, -1, -1, -1}, .old_logp = {-51, 29, 14, 14}, .series_of = {0, 0, 1, 1}};
  REQUIRE(
      same(s(importance_weights{.high = infinity}), {std::exp(-20), std::exp(20), std::exp(15), std::exp(15)}, 1e-14));
  REQUIRE(same(s(importance_weights{.over = ratio_over::series, .high = infinity}),
               {std::exp(-20), std::exp(-20), std::exp(20), std::exp(20)}, 1e-14));
}

TEST_CASE("importance_weights: a step that is not valid counts in nothing, whatever stands there") {
  auto s = two_series();
  s.old_logp[1] = not_a_number, s.sampler_logp[3] = infinity;
  s.valid = {1, 0, 1, 0, 1};
  for (bool normalize : {false, true}) {
    double mean = normalize ? 1.125 : 1;
    REQUIRE(same(s(importance_weights{.over = ratio_over::series, .high = 10, .normalize = normalize}),
                 {.25 / mean, 0, 2 / mean, 0, 2 / mean}, 1e-14));
  }
  REQUIRE(
      same(s(importance_weights{.over = ratio_over::geometric_mean}), {.25, 0, std::sqrt(2), 0, std::sqrt(2)}, 1e-14));
}

TEST_CASE("importance_weights: a series without a valid step gets 0 and does not count in the mean") {
  auto s = two_series();
  s.valid = {0, 0, 1, 1, 1};
  for (ratio_over over : {ratio_over::series, ratio_over::geometric_mean})
    REQUIRE(same(s(importance_weights{.over = over, .high = 10, .normalize = true}), {0, 0, 1, 1, 1}, 1e-14));
  s.valid = {0, 0, 0, 0, 0};
  for (ratio_over over : {ratio_over::step, ratio_over::series, ratio_over::geometric_mean})
    REQUIRE(same(s(importance_weights{.over = over, .normalize = true}), {0, 0, 0, 0, 0}));
}

TEST_CASE("importance_weights: the order of the steps changes no weight") {
  auto s = two_series();
  integers order{3, 0, 4, 1, 2};
  importance_weights select{.over = ratio_over::series, .high = 10, .normalize = true};
  auto plain = s(select), mixed = s.in_order(order)(select);
  for (std::size_t k = 0; k < 5; ++k) REQUIRE(close(mixed[k], plain[std::size_t(order[k])], 1e-14));
}

TEST_CASE("importance_weights: a batch without steps is left alone") {
  REQUIRE(steps_given{}(importance_weights{.over = ratio_over::series, .normalize = true}).empty());
}

TEST_CASE("importance_weights: verl's rollout correction, by token and by sequence, truncated and IcePop", "[golden]") {
  auto t = golden::read("objective/verl_correction.txt");
  auto s = verl(t);
  for (bool by_series : {false, true})
    for (bool mask : {false, true}) {
      std::string name = std::string(by_series ? "sequence_" : "token_") + (mask ? "0.5_2.0" : "2.0");
      CAPTURE(name);
      importance_weights select{.over = by_series ? ratio_over::series : ratio_over::step,
                                .beyond = mask ? beyond_bounds::mask : beyond_bounds::truncate,
                                .low = mask ? .5 : 0};
      auto weight = s(select);
      REQUIRE(same(weight, golden::row(t, name), 1e-12));

      select.normalize = true;
      // verl's means have 1e-8 beside the number of steps, in a series' mean too; its factor undoes that.
      auto normalized = s(select), expected = golden::row(t, name + "_normalized");
      double factor = golden::row(t, name + "_normalized/batch_norm_factor")[0], ours = 0;
      for (std::size_t i = 0; i < weight.size(); ++i) {
        REQUIRE(close(weight[i], factor * expected[i], 1e-12));
        if (normalized[i] > 0) ours = weight[i] / normalized[i];
        REQUIRE(close(ours * normalized[i], weight[i], 1e-14));
      }
      REQUIRE(close(ours, factor, 1.1e-8));
      if (!by_series) REQUIRE(close(ours, factor * (79 + 1e-8) / 79, 1e-12));

      // (mean + e)^2 (n + e) / sum w^2 with mean = sum / (n + e), e = 1e-8.
      cpu backend;
      double e = 1e-8, n = 0, sum = 0, squares = 0;
      for (std::size_t i = 0; i < weight.size(); ++i)
        n += s.valid[i], sum += weight[i], squares += weight[i] * weight[i];
      double mean = sum / (n + e),
             size = effective_sample_size(backend, all(std::as_const(weight)), all(std::as_const(s.valid)));
      REQUIRE(n == 79);
      REQUIRE(close(
          size, golden::row(t, name + "/eff_sample_size")[0] * (sum * sum / n) / ((mean + e) * (mean + e) * (n + e)),
          1e-12));
    }
}

TEST_CASE("importance_weights: bad bounds and absent terms are refused in one sentence") {
  using Catch::Matchers::ContainsSubstring;
  auto s = two_series();
  REQUIRE_THROWS_WITH(s(importance_weights{.low = 3}),
                      ContainsSubstring("importance_weights: low is 3, expected a number in [0, high]"));
  REQUIRE_THROWS_WITH(s(importance_weights{.low = -1}), ContainsSubstring("low is -1"));
  REQUIRE_THROWS_WITH(s(importance_weights{.high = not_a_number}), ContainsSubstring("importance_weights"));
  REQUIRE_THROWS_WITH(s(importance_weights{.low = 0, .high = 0}),
                      ContainsSubstring("high is 0, expected a positive number"));
  auto without = s;
  without.sampler_logp.clear();
  REQUIRE_THROWS_WITH(without(importance_weights{}),
                      ContainsSubstring("importance_weights reads sampler_logp, which this batch does not have"));
  without = s;
  without.series_of.clear();
  REQUIRE_NOTHROW(without(importance_weights{}));
  REQUIRE_THROWS_WITH(without(importance_weights{.over = ratio_over::series}), ContainsSubstring("series_of"));
  without = s;
  without.old_logp.pop_back();
  REQUIRE_THROWS_AS(without(importance_weights{}), shape_error);
}

TEST_CASE("effective_sample_size: 1 of equal weights, 1 / n if one step has all, nothing if none has any") {
  cpu backend;
  auto size = [&](numbers const& w, flags const& valid = {}) {
    return effective_sample_size(backend, all(w), valid.empty() ? view<std::uint8_t const>{} : all(valid));
  };
  REQUIRE(close(size({.3, .3, .3, .3}), 1, 1e-14));
  REQUIRE(close(size({0, 0, 7, 0}), .25, 1e-14));
  REQUIRE(close(size({1, 2, 3}), 36. / (3 * 14), 1e-14));
  REQUIRE(close(size({10, 20, 30}), 36. / (3 * 14), 1e-14));
  REQUIRE(close(size({1, not_a_number, 3, infinity}, {1, 0, 1, 0}), 16. / 20, 1e-14));
  REQUIRE(size({0, 0}) == 0);
  REQUIRE(size({1, 2}, {0, 0}) == 0);
  REQUIRE(size({}) == 0);
}
