#include <cohort/compare/curves_csv.hpp>
#include <cohort/compare/summary.hpp>
#include <cohort/compare/table.hpp>

#include "../catch.hpp"
#include "synthetic.hpp"

using namespace cohort;

TEST_CASE("summarize: keeps the order that was asked for and counts what solved") {
  auto const all = synthetic_comparison();
  CHECK(all.steps == 10000);
  REQUIRE(all.algorithms.size() == 2);
  auto const &good = all.algorithms[0], &poor = all.algorithms[1];
  CHECK(good.name == "good");
  CHECK(good.seeds == 3);
  CHECK(good.solved == 3);
  CHECK(good.iqm == 500);
  CHECK(good.iqm_interval.low == 500);
  CHECK(good.steps_to_threshold == 10000);
  CHECK(good.seconds_to_threshold == .25);
  CHECK(good.steps_per_second == 40000);
  CHECK(good.parameter_bytes == 36'620);
  CHECK(good.optimizer_bytes == 73'240);
  CHECK(poor.name == "poor_one");
  CHECK(poor.solved == 1);
  CHECK(poor.iqm == Approx((480.5 + 2 * 100.25) / 3));
  CHECK_FALSE(poor.steps_to_threshold);
  CHECK_FALSE(poor.seconds_to_threshold);
}

TEST_CASE("curves_csv: has a row for each evaluation of each run, by algorithm and seed") {
  CHECK(comparing::curves_csv({"good", "poor_one"}, synthetic_results()) ==
        "algorithm,seed,steps,seconds,return\n"
        "good,7,5000,0.1,20.05\ngood,7,10000,0.25,500\n"
        "good,8,5000,0.1,20.05\ngood,8,10000,0.25,500\n"
        "good,9,5000,0.1,20.05\ngood,9,10000,0.25,500\n"
        "poor_one,7,5000,0.1,20.05\npoor_one,7,10000,0.25,480.5\n"
        "poor_one,8,5000,0.1,20.05\npoor_one,8,10000,0.25,100.25\n"
        "poor_one,9,5000,0.1,20.05\npoor_one,9,10000,0.25,100.25\n");
}

TEST_CASE("curves_csv: numbers read back exactly") {
  comparing::run_result run;
  run.algorithm = "a";
  run.curve = {{1, 1. / 3, -1234.5678901234567}};
  auto const row = comparing::curves_csv({"a"}, {run});
  CHECK(std::stod(row.substr(row.find("a,0,1,") + 6)) == 1. / 3);
  CHECK(std::stod(row.substr(row.rfind(',') + 1)) == -1234.5678901234567);
}

TEST_CASE("table: is aligned, says never where most seeds never got there, and fits in 100 columns") {
  CHECK(comparing::table(synthetic_comparison()) ==
        "CartPole-v1, 10,000 steps a run, 3 seeds, threshold 475\n\n"
        "                   final return           steps to    time to           parameter  optimizer\n"
        "algorithm    IQM [95% interval]  solved  threshold  threshold  steps/s        KiB        KiB\n"
        "--------------------------------------------------------------------------------------------\n"
        "good       500.0 [500.0, 500.0]     3/3     10,000    0.250 s   40,000       35.8       71.5\n"
        "poor_one   227.0 [100.2, 480.5]     1/3      never      never   40,000       18.0       36.0\n");
}

TEST_CASE("table: 100 columns hold the widest rows of the known environments") {
  auto all = synthetic_comparison();
  all.algorithms[0].name = "hybrid_grpo";
  all.algorithms[0].iqm = -1234.5;
  all.algorithms[0].iqm_interval = {-1567.8, -1123.4};
  all.algorithms[0].steps_per_second = 361'000;
  auto const text = comparing::table(all);
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    CHECK(end - begin <= 100);
}

TEST_CASE("summarize: each seed's final return, and the probability of improvement of each pair") {
  auto const all = synthetic_comparison();
  REQUIRE(all.algorithms[1].finals.size() == 3);
  CHECK(all.algorithms[1].finals[0].seed == 7);
  CHECK(all.algorithms[1].finals[0].value == 480.5);
  CHECK(all.algorithms[1].finals[2].seed == 9);
  CHECK(all.algorithms[1].finals[2].value == 100.25);
  REQUIRE(all.pairs.size() == 1);
  CHECK(all.pairs[0].better == 0);
  CHECK(all.pairs[0].worse == 1);
  CHECK(all.pairs[0].found.probability == 1);
}

TEST_CASE(
    "summarize: runs that were cut short count nowhere, and an algorithm of which no run is complete is left out") {
  auto results = synthetic_results();
  for (auto& run : results)
    if (run.algorithm == "poor_one" || run.seed == 9) run.complete = false, run.steps = 123'456, run.final_return = 0;
  auto const all = synthetic_comparison(results, "stopped by SIGINT");
  CHECK(all.complete == 2);
  REQUIRE(all.algorithms.size() == 1);
  CHECK(all.algorithms[0].name == "good");
  CHECK(all.algorithms[0].seeds == 2);
  CHECK(all.algorithms[0].iqm == 500);
  CHECK(all.steps == 10'000);
  CHECK(all.pairs.empty());
  CHECK(comparing::how_it_stopped(all) ==
        "2 of 6 runs are complete: stopped by SIGINT; cut short, and in curves.csv only: good seed 9 at 123,456 steps, "
        "poor_one seed 7 at 123,456 steps, poor_one seed 8 at 123,456 steps, poor_one seed 9 at 123,456 steps");
}

TEST_CASE("summarize: what the training said of itself is kept, once for each algorithm") {
  auto results = synthetic_results();
  for (auto& run : results) run.warnings = {"nothing was learned"};
  CHECK(synthetic_comparison(results).warnings ==
        std::vector<std::string>{"good: nothing was learned", "poor_one: nothing was learned"});
}
