#include <cohort/aggregation/means.hpp>
#include <numeric>
#include "../catch.hpp"
#include "weights.hpp"

using namespace cohort;
using namespace arrays;

namespace {

double sum(numbers const& v) { return std::accumulate(v.begin(), v.end(), 0.); }

integers ragged() {
  return {0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 4, 4, 1, 5, 5, 5};
}  // of 7; series 3 and 6 have no step here

}  // namespace

TEST_CASE("step_mean: every step weighs 1 / M") {
  numbers w = weights(step_mean{}, ragged(), 7);
  for (double x : w) REQUIRE(x == 1. / 19);
}

TEST_CASE("step_mean: every valid step weighs the same, an invalid one nothing") {
  flags valid(19, 1);
  valid[0] = valid[5] = valid[18] = 0;
  numbers w = weights(step_mean{}, ragged(), 7, valid);
  for (int i = 0; i < 19; ++i) REQUIRE(w[i] == (valid[i] ? 1. / 16 : 0));
}

TEST_CASE(
    "series_mean: every series that has steps here weighs the same, whatever its length, wherever its steps stand") {
  integers of = ragged();
  numbers w = weights(series_mean{}, of, 7);
  double const length[] = {5, 2, 7, 0, 2, 3, 0};
  for (int i = 0; i < 19; ++i) REQUIRE(close(w[i], 1 / (5 * length[of[i]]), 1e-15));
}

TEST_CASE("series_mean: invalid steps do not count, and a series without a valid step leaves the mean") {
  integers of = ragged();
  flags valid(19, 1);
  for (int i : {0, 1, 8, 13, 14}) valid[i] = 0;  // 13 and 14 are all of series 4
  numbers w = weights(series_mean{}, of, 7, valid);
  double const length[] = {3, 2, 6, 0, 0, 3, 0};
  for (int i = 0; i < 19; ++i) REQUIRE(close(w[i], valid[i] ? 1 / (4 * length[of[i]]) : 0, 1e-15));
}

TEMPLATE_TEST_CASE("means: the weights of a batch add up to 1, with and without invalid steps, in float too", "", float,
                   double) {
  using T = TestType;
  eigen::basic_backend<T> backend;
  integers of(1000);
  for (int i = 0; i < 1000; ++i) of[i] = i * i % 37;
  for (double share : {1., .5, .01}) {
    flags valid = coins(1000, 4, share);
    for (auto v : {view<std::uint8_t const>{}, view<std::uint8_t const>(all(std::as_const(valid)))}) {
      auto total = [&](auto const& mode) {
        std::vector<T> w(1000);
        mode(backend, aggregated_steps<T>{1000, 40, all(of), v}, all(w));
        return double(std::accumulate(w.begin(), w.end(), 0.L));
      };
      double bound = 2 * std::numeric_limits<T>::epsilon();  // each weight is rounded thrice, either way
      REQUIRE(close(total(step_mean{}), 1, bound));
      REQUIRE(close(total(series_mean{}), 1, bound));
    }
  }
}

TEST_CASE("means: where no step is valid all weights are 0") {
  flags none(19, 0);
  REQUIRE(weights(step_mean{}, ragged(), 7, none) == numbers(19, 0));
  REQUIRE(weights(series_mean{}, ragged(), 7, none) == numbers(19, 0));
}

TEST_CASE("means: of series of equal lengths both are the same") {
  integers of(24);
  for (int i = 0; i < 24; ++i) of[i] = i % 4;
  REQUIRE(sum(weights(series_mean{}, of, 4)) == Approx(1));
  numbers a = weights(step_mean{}, of, 4), b = weights(series_mean{}, of, 4);
  for (int i = 0; i < 24; ++i) REQUIRE(close(a[i], b[i], 1e-15));
}
