#include <cohort/statistics/improvement.hpp>
#include <cohort/statistics/quantile.hpp>

#include "../catch.hpp"

using namespace cohort;

namespace {

std::vector<double> const ten{500, 498.25, 312.5, 500, 9.4, 500, 455.1, 500, 487, 76.6};
std::vector<double> const seven{-144.2, -165.6, -162.5, -1200.75, -180.1, -151, -149.9};

std::optional<double> median_of(std::vector<std::optional<double>> const& times) {
  return statistics::median_time<double>(times);
}

}  // namespace

TEST_CASE("interquartile_mean: cuts int(n / 4) values at each end, as scipy's trim_mean does") {
  CHECK(statistics::interquartile_mean({7}) == 7);
  CHECK(statistics::interquartile_mean({1, 5}) == 3);
  CHECK(statistics::interquartile_mean({1, 9, 2}) == 4);
  CHECK(statistics::interquartile_mean({3.5, 1, 2, 10}) == 2.75);
  CHECK(statistics::interquartile_mean(seven) == Approx(-161.82).epsilon(1e-14));
  CHECK(statistics::interquartile_mean(ten) == Approx(458.80833333333334).epsilon(1e-14));
}

TEST_CASE("quantile: is numpy's, linear between order statistics") {
  CHECK(statistics::quantile({7}, .3) == 7);
  CHECK(statistics::quantile({3.5, 1, 2, 10}, .025) == Approx(1.075).epsilon(1e-14));
  CHECK(statistics::quantile(ten, .25) == Approx(348.15).epsilon(1e-14));
  CHECK(statistics::quantile(ten, .025) == Approx(24.52).epsilon(1e-14));
  CHECK(statistics::quantile(ten, 0) == 9.4);
  CHECK(statistics::quantile(ten, 1) == 500);
  CHECK(statistics::median(ten) == 492.625);
  CHECK(statistics::median(seven) == -162.5);
}

TEST_CASE("median_time: counts what never happened as later than everything") {
  CHECK(median_of({3., 1., 2.}) == 2);
  CHECK(median_of({4., 1., 2., 3.}) == 2.5);
  CHECK(median_of({4., std::nullopt, 2.}) == 4);
  CHECK(median_of({1., 2., 3., std::nullopt}) == 2.5);
  CHECK(median_of({5., std::nullopt}) == 5);
  CHECK(median_of({1., 2., std::nullopt, std::nullopt}) == 2);
}

TEST_CASE("median_time: is empty where most never got there") {
  CHECK_FALSE(median_of({std::nullopt}));
  CHECK_FALSE(median_of({1., std::nullopt, std::nullopt}));
  CHECK_FALSE(median_of({1., 2., std::nullopt, std::nullopt, std::nullopt}));
}

TEST_CASE("interquartile_mean_interval: of one run, or of equal runs, is that value") {
  auto const one = statistics::interquartile_mean_interval(std::vector<double>{487.5});
  CHECK(one.low == 487.5);
  CHECK(one.high == 487.5);
  auto const equal = statistics::interquartile_mean_interval(std::vector<double>(10, 500.));
  CHECK(equal.low == 500);
  CHECK(equal.high == 500);
}

TEST_CASE("interquartile_mean_interval: has the quantiles of all resamples, enumerated") {
  std::vector<double> const values{1, 10, 100, 1000};
  std::vector<double> means;
  for (int code = 0; code < 256; ++code)
    means.push_back(statistics::interquartile_mean(
        {values[code & 3], values[code >> 2 & 3], values[code >> 4 & 3], values[code >> 6]}));
  // The distribution has atoms, and each of its quantiles lies within one by five standard deviations of 10,000 draws,
  // so the interval's ends are exact.
  for (double const p : {.025, .975}) {
    double const deviation = 5 * std::sqrt(p * (1 - p) / 10'000);
    REQUIRE(statistics::quantile(means, p - deviation) == statistics::quantile(means, p + deviation));
  }
  for (std::uint64_t const seed : {0, 1, 2}) {
    auto const interval = statistics::interquartile_mean_interval(values, {.seed = seed});
    CHECK(interval.low == statistics::quantile(means, .025));
    CHECK(interval.high == statistics::quantile(means, .975));
  }
}

TEST_CASE("interquartile_mean_interval: agrees with 200,000 replicates of scipy") {
  auto const of_ten = statistics::interquartile_mean_interval(ten);
  CHECK(of_ten.low == Approx(265.75).margin(8));
  CHECK(of_ten.high == Approx(499.708).margin(.1));
  auto const of_seven = statistics::interquartile_mean_interval(seven);
  CHECK(of_seven.low == Approx(-580.4).margin(8));
  CHECK(of_seven.high == Approx(-150.24).margin(.6));
}

TEST_CASE("interquartile_mean_interval: is the same every time, and moves with the values") {
  auto const first = statistics::interquartile_mean_interval(seven, {.seed = 5}),
             again = statistics::interquartile_mean_interval(seven, {.seed = 5});
  CHECK(first.low == again.low);
  CHECK(first.high == again.high);
  auto moved = seven;
  for (double& value : moved) value += 1000;
  auto const later = statistics::interquartile_mean_interval(moved, {.seed = 5});
  CHECK(later.low == Approx(first.low + 1000).epsilon(1e-12));
  CHECK(later.high == Approx(first.high + 1000).epsilon(1e-12));
}

TEST_CASE("probability_of_improvement: the share of pairs that are won, ties counting half") {
  auto const of = [](std::vector<double> const& x, std::vector<double> const& y) {
    return statistics::probability_of_improvement(x, y).probability;
  };
  CHECK(of({1}, {0}) == 1);
  CHECK(of({0}, {1}) == 0);
  CHECK(of({500, 500}, {500, 500, 500}) == .5);
  CHECK(of({3, 1, 2}, {2, 0}) == Approx((2 + 1 + 1.5) / 6));
  CHECK(of(ten, ten) == .5);
  std::vector<double> const other{500, 480, 500, 20.5, 76.6, 455.1, 312.5, 499, 498.25};
  double won = 0;
  for (double x : ten)
    for (double y : other) won += x > y ? 1 : x == y ? .5 : 0;
  CHECK(of(ten, other) == Approx(won / 90).epsilon(1e-14));
  CHECK(of(ten, other) == Approx(50. / 90).epsilon(1e-14));  // scipy.stats.mannwhitneyu(ten, other).statistic / 90
  CHECK(of(ten, other) + of(other, ten) == Approx(1).epsilon(1e-14));
}

TEST_CASE("probability_of_improvement: its interval has the quantiles of all resamples, enumerated") {
  std::vector<double> const x{5, 5, 9}, y{4, 5, 7};
  std::vector<double> shares;
  for (int code = 0; code < 27 * 27; ++code) {
    double won = 0;
    for (int i : {code % 3, code / 3 % 3, code / 9 % 3})
      for (int k : {code / 27 % 3, code / 81 % 3, code / 243}) won += x[i] > y[k] ? 1 : x[i] == y[k] ? .5 : 0;
    shares.push_back(won / 9);
  }
  for (double const p : {.025, .975}) {  // as for the interquartile mean
    double const deviation = 5 * std::sqrt(p * (1 - p) / 10'000);
    REQUIRE(statistics::quantile(shares, p - deviation) == Approx(statistics::quantile(shares, p + deviation)));
  }
  for (std::uint64_t const seed : {0, 1, 2}) {
    auto const between = statistics::probability_of_improvement(x, y, {.seed = seed}).between;
    CHECK(between.low == Approx(statistics::quantile(shares, .025)));
    CHECK(between.high == Approx(statistics::quantile(shares, .975)));
  }
}
