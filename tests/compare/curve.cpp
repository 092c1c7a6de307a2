#include <cohort/compare/curve.hpp>

#include "../catch.hpp"

using namespace cohort;

namespace {

comparing::run_result run_with(std::vector<comparing::evaluation_point> curve) {
  comparing::run_result run;
  run.curve = std::move(curve);
  return run;
}

}  // namespace

TEST_CASE("curve_by_steps: has the quartiles over the runs at each evaluation") {
  std::vector<comparing::run_result> runs;
  for (double const value : {50., 10., 30., 20., 40.})
    runs.push_back(run_with({{5000, value / 100, value}, {10000, value / 50, 2 * value}}));
  auto const curve = comparing::curve_by_steps(runs);
  REQUIRE(curve.size() == 2);
  CHECK(curve[0].steps == 5000);
  CHECK(curve[0].seconds == .3);
  CHECK(curve[0].low == 20);
  CHECK(curve[0].median == 30);
  CHECK(curve[0].high == 40);
  CHECK(curve[1].steps == 10000);
  CHECK(curve[1].median == 60);
}

TEST_CASE(
    "curve_by_steps: runs that were evaluated at different steps are interpolated at those of the run with the most "
    "evaluations") {
  auto const curve =
      comparing::curve_by_steps({run_with({{5000, 1, 0}, {10000, 2, 10}, {15000, 3, 20}, {20000, 4, 30}}),
                                 run_with({{8000, 2, 100}, {16000, 4, 180}})});
  REQUIRE(curve.size() == 4);
  std::vector<long> const steps{8000, 10000, 15000, 20000};
  std::vector<double> const seconds{(1.6 + 2) / 2, (2 + 2.5) / 2, (3 + 3.75) / 2, (4 + 4) / 2},
      medians{(6. + 100) / 2, (10. + 120) / 2, (20. + 170) / 2, (30. + 180) / 2};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(curve[i].steps == steps[i]);
    CHECK(curve[i].seconds == Approx(seconds[i]));
    CHECK(curve[i].median == Approx(medians[i]));
  }
}

TEST_CASE("curve_by_seconds: interpolates each run on a common grid") {
  auto const curve = comparing::curve_by_seconds({run_with({{0, 0, 0}, {100, 1, 10}, {200, 2, 40}})}, 4);
  REQUIRE(curve.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(curve[i].seconds == .5 * static_cast<double>(i));
    CHECK(curve[i].steps == 50 * static_cast<long>(i));
    CHECK(curve[i].median == std::vector<double>{0, 5, 10, 25, 40}[i]);
  }
}

TEST_CASE("curve_by_seconds: begins when every run has been evaluated, and a run that is done keeps its last value") {
  auto const curve =
      comparing::curve_by_seconds({run_with({{10, 1, 0}, {20, 2, 10}}), run_with({{10, 2, 100}, {20, 4, 300}})}, 2);
  REQUIRE(curve.size() == 3);
  CHECK(curve[0].seconds == 2);
  CHECK(curve[0].median == (10. + 100) / 2);
  CHECK(curve[1].median == (10. + 200) / 2);
  CHECK(curve[2].seconds == 4);
  CHECK(curve[2].median == (10. + 300) / 2);
}

TEST_CASE("curves: of runs with one evaluation are a point; without any, or without runs, they are empty") {
  CHECK(comparing::curve_by_steps({run_with({{10, 1, 7}})}).size() == 1);
  CHECK(comparing::curve_by_seconds({run_with({{10, 1, 7}})}).size() == 1);
  CHECK(comparing::curve_by_steps({run_with({{10, 1, 7}}), run_with({})}).empty());
  CHECK(comparing::curve_by_seconds({run_with({{10, 1, 7}}), run_with({})}).empty());
  CHECK(comparing::curve_by_steps({}).empty());
  CHECK(comparing::curve_by_seconds({}).empty());
}
