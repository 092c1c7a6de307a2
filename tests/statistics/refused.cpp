#include <cohort/statistics.hpp>
#include <limits>

#include "../catch.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using statistics::scores;
using support::refusal;

namespace {

double const nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("scores: none, ragged tasks and what is not finite are refused, with their place") {
  CHECK(refusal([] { scores{std::vector<double>{}}; }) == "scores: there are none, expected a task with a run or more");
  CHECK_THAT(refusal([] { scores::of_tasks({}); }), ContainsSubstring("there are none"));
  CHECK_THAT(refusal([] { scores::of_tasks({{}, {}}); }), ContainsSubstring("there are none"));
  CHECK(refusal([] { scores::of_tasks({{1, 2}, {3, 4}, {5}}); }) ==
        "scores: task 2 has 1 runs, expected the 2 of task 0");
  CHECK(refusal([] { scores::of_tasks({{1, 2}, {3, nan}}); }) ==
        "scores: run 1 of task 1 is nan, expected a finite number");
  CHECK(refusal([] { scores{1., -inf}; }) == "scores: run 1 of task 0 is -inf, expected a finite number");
}

TEST_CASE("quantile: an empty sample, a NaN and a share outside of [0, 1] are refused") {
  CHECK_THAT(refusal([] { statistics::median({}); }), ContainsSubstring("the sample is empty"));
  CHECK_THAT(refusal([] { statistics::quantile({1, nan}, .5); }), ContainsSubstring("a value is nan"));
  CHECK_THAT(refusal([] { statistics::quantile({1}, 1.5); }), ContainsSubstring("p is 1.5, expected a number in [0,"));
  CHECK_THAT(refusal([] { statistics::quantile({1}, nan); }), ContainsSubstring("p is nan"));
}

TEST_CASE("bootstrap: options out of range, tasks that do not match and thresholds that are none are refused") {
  scores const x{1, 2, 3}, two = scores::of_tasks({{1, 2}, {3, 4}});
  auto const of = [&](statistics::bootstrap_options const& how) {
    return refusal([&] { statistics::interquartile_mean_interval(x, how); });
  };
  CHECK_THAT(of({.replicates = 0}), ContainsSubstring("bootstrap: replicates is 0, expected a positive number"));
  CHECK_THAT(of({.alpha = 0}), ContainsSubstring("alpha is 0, expected a number in (0, 1)"));
  CHECK_THAT(of({.alpha = nan}), ContainsSubstring("alpha is nan"));
  CHECK(refusal([&] { statistics::probability_of_improvement(x, two); }) ==
        "probability_of_improvement: there are 1 and 2 tasks, expected the same tasks for both");
  CHECK_THAT(refusal([&] { statistics::probability_of_improvement(x, x, {.tasks = true}); }),
             ContainsSubstring("tasks is true for several samples, expected false"));
  CHECK(refusal([&] { statistics::score_distribution(x, {0, nan}); }) ==
        "profile: threshold 1 is nan, expected a finite number");
  CHECK_THAT(refusal([&] { statistics::score_distribution(x, {}); }), ContainsSubstring("there are no thresholds"));
  CHECK_THAT(refusal([&] { statistics::optimality_gap(x, inf); }), ContainsSubstring("target is inf"));
}

TEST_CASE("welch: one run, several tasks and samples without deviation are refused") {
  scores const x{1, 2, 3}, one{1}, same{4, 4}, two = scores::of_tasks({{1, 2}, {3, 4}});
  CHECK(refusal([&] { statistics::welch(x, one); }) ==
        "welch: runs of y is 1, expected 2 or more: a single one has no deviation");
  CHECK_THAT(refusal([&] { statistics::welch(two, x); }), ContainsSubstring("tasks of x is 2, expected 1"));
  CHECK_THAT(refusal([&] { statistics::welch(same, same); }), ContainsSubstring("neither x nor y has any deviation"));
}

TEST_CASE("seeds_needed: numbers out of range are refused, and a difference that is too small") {
  auto const of = [](statistics::difference const& d) { return refusal([&] { statistics::seeds_needed(d); }); };
  CHECK_THAT(of({.size = 0, .deviation = 1}), ContainsSubstring("size is 0, expected a finite number that is not 0"));
  CHECK_THAT(of({.size = 1, .deviation = 0}), ContainsSubstring("deviation is 0, expected a positive number"));
  CHECK_THAT(of({.size = 1, .deviation = nan}), ContainsSubstring("deviation is nan"));
  CHECK_THAT(of({.size = 1, .deviation = 1, .alpha = 1}), ContainsSubstring("alpha is 1"));
  CHECK_THAT(of({.size = 1, .deviation = 1, .power = .01}), ContainsSubstring("power is 0.01"));
  CHECK_THAT(of({.size = 1e-9, .deviation = 1}), ContainsSubstring("more than 1000000000"));
  CHECK_THAT(refusal([] { statistics::power_of_runs({.size = 1, .deviation = 1}, 1); }),
             ContainsSubstring("runs is 1, expected 2 or more of each algorithm"));
}
