#include <cohort/aggregation/group_mean.hpp>
#include <cohort/aggregation/sums.hpp>
#include <numeric>
#include "../catch.hpp"
#include "weights.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

integers const of{0, 0, 0, 1, 3, 3, 3, 3, 5, 5};  // of 6; series 2 and 4 have no step here
flags const valid{1, 0, 1, 0, 1, 1, 1, 0, 1, 1};  // series 1 has no valid step

}  // namespace

TEST_CASE("step_sum: a valid step weighs 1") {
  REQUIRE(weights(step_sum{}, of, 6) == numbers(10, 1));
  REQUIRE(weights(step_sum{}, of, 6, valid) == numbers{1, 0, 1, 0, 1, 1, 1, 0, 1, 1});
}

TEST_CASE("series_sum_mean: a valid step weighs 1 over the number of series, and over the constant") {
  for (double w : weights(series_sum_mean{}, of, 6)) REQUIRE(w == 1. / 4);
  numbers some = weights(series_sum_mean{.length = 8}, of, 6, valid),
          counted = weights(series_sum_mean{.length = 8, .empty = empty_series::count}, of, 6, valid);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(some[i] == (valid[i] ? 1. / (3 * 8) : 0));
    REQUIRE(counted[i] == (valid[i] ? 1. / (4 * 8) : 0));
  }
}

TEST_CASE("series_sum_mean: times its own valid steps, a series' weight grows like its length") {
  series_sum_mean const plain{.length = 8, .empty = empty_series::count};
  auto own = plain;
  own.times_own = true;
  numbers one = weights(plain, of, 6, valid), found = weights(own, of, 6, valid);
  for (std::size_t i = 0; i < found.size(); ++i) {
    double n = 0;
    for (std::size_t j = 0; j < found.size(); ++j) n += of[j] == of[i] && valid[j];
    REQUIRE(close(found[i], n * one[i], 1e-15));
  }
}

TEST_CASE("series_mean: a series without a valid step counts where it is told to") {
  double const length[] = {2, 0, 0, 3, 0, 2};
  numbers left = weights(series_mean{}, of, 6, valid),
          counted = weights(series_mean{.empty = empty_series::count}, of, 6, valid);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(close(left[i], valid[i] ? 1 / (3 * length[of[i]]) : 0, 1e-15));
    REQUIRE(close(counted[i], valid[i] ? 1 / (4 * length[of[i]]) : 0, 1e-15));
  }
}

TEST_CASE("piecewise_step_mean: the mean of the pieces' step means, which depends on the cut") {
  numbers pairs = weights(piecewise_step_mean{.series = 2}, of, 6);  // series 0 and 1; 2 and 3; 4 and 5
  for (int i = 0; i < 10; ++i) REQUIRE(close(pairs[i], 1. / 3 / (i < 4 ? 4 : i < 8 ? 4 : 2), 1e-15));
  numbers some = weights(piecewise_step_mean{.series = 2}, of, 6, valid);
  for (int i = 0; i < 10; ++i) REQUIRE(close(some[i], valid[i] ? 1. / 3 / (i < 4 ? 2 : i < 8 ? 3 : 2) : 0, 1e-15));
  numbers whole = weights(piecewise_step_mean{.series = 6}, of, 6, valid), plain = weights(step_mean{}, of, 6, valid);
  for (int i = 0; i < 10; ++i) REQUIRE(close(whole[i], plain[i], 1e-15));
}

TEST_CASE("group_mean: the mean of the groups' step means, which are of any size") {
  integers const offsets{0, 1, 4, 6};  // series 0; 1 to 3; 4 and 5
  auto groups = partition::segments(all(offsets), 6, 3);
  numbers plain = weights(group_mean{}, of, 6, {}, groups), some = weights(group_mean{}, of, 6, valid, groups);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(close(plain[i], 1. / 3 / (i < 3 ? 3 : i < 8 ? 5 : 2), 1e-15));
    REQUIRE(close(some[i], valid[i] ? 1. / 3 / (i < 3 ? 2 : i < 8 ? 3 : 2) : 0, 1e-15));
  }
  flags first{1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
  REQUIRE(close(weights(group_mean{}, of, 6, first, groups)[0], 1. / 3, 1e-15));
  REQUIRE(close(weights(group_mean{empty_series::count}, of, 6, first, groups)[0], 1. / 9, 1e-15));
  REQUIRE_THROWS_WITH(weights(group_mean{}, of, 6),
                      ContainsSubstring("group_mean needs to know which series form a group"));
  REQUIRE_THROWS_WITH(weights(group_mean{}, of, 5, {}, groups), ContainsSubstring("which series form a group"));
}

TEST_CASE("sums: constants out of their range are refused") {
  REQUIRE_THROWS_WITH(weights(series_sum_mean{.length = 0}, of, 6), ContainsSubstring("length is 0"));
  REQUIRE_THROWS_WITH(weights(piecewise_step_mean{.series = 0}, of, 6), ContainsSubstring("series is 0"));
}
