#if __has_include(<nlohmann/json.hpp>)
#include <cohort/compare/summary_json.hpp>

#include "../catch.hpp"
#include "synthetic.hpp"

using namespace cohort;

TEST_CASE("summary_json: has the documented fields and no others") {
  auto const read = nlohmann::json::parse(comparing::summary_json(synthetic_comparison()));
  auto const expected = nlohmann::json::parse(R"({
    "environment": "CartPole-v1", "backend": "eigen", "version": "1.2.3", "commit": "0123456789ab", "compiler": "clang 19.1.7",
    "processor": "a processor, 2 threads", "date": "2026-11-29 20:15 UTC", "threads": 2, "warnings": [],
    "algorithms": {
      "good": {
        "hyperparameters": "rollout      lanes{count = 8}\nupdate       update{epochs = 20}\n",
        "final_returns": [{"seed": 7, "return": 500.0}, {"seed": 8, "return": 500.0}, {"seed": 9, "return": 500.0}],
        "improvement_over": {"poor_one": {"probability": 1.0, "interval": [1.0, 1.0]}},
        "iqm": 500.0, "interval": [500.0, 500.0], "seeds": 3, "solved": 3, "steps_to_threshold": 10000, "seconds_to_threshold": 0.25,
        "seconds": 0.25, "steps_per_second": 40000.0, "parameter_bytes": 36620, "optimizer_bytes": 73240,
        "curve": [{"steps": 5000, "seconds": 0.1, "median": 20.05, "low": 20.05, "high": 20.05},
                  {"steps": 10000, "seconds": 0.25, "median": 500.0, "low": 500.0, "high": 500.0}]},
      "poor_one": {
        "hyperparameters": "rollout      groups{count = 2}\nupdate       update{epochs = 10}\n",
        "final_returns": [{"seed": 7, "return": 480.5}, {"seed": 8, "return": 100.25}, {"seed": 9, "return": 100.25}],
        "improvement_over": {},
        "iqm": 227.0, "interval": [100.25, 480.5], "seeds": 3, "solved": 1, "steps_to_threshold": null, "seconds_to_threshold": null,
        "seconds": 0.25, "steps_per_second": 40000.0, "parameter_bytes": 18440, "optimizer_bytes": 36880,
        "curve": [{"steps": 5000, "seconds": 0.1, "median": 20.05, "low": 20.05, "high": 20.05},
                  {"steps": 10000, "seconds": 0.25, "median": 100.25, "low": 100.25, "high": 290.375}]}}})");
  CHECK(read == expected);
}

TEST_CASE("summary_json: keeps the order of the algorithms and writes steps as whole numbers") {
  auto const text = comparing::summary_json(synthetic_comparison());
  CHECK(text.find("\"good\"") < text.find("\"poor_one\""));
  CHECK(text.find("\"steps_to_threshold\": 10000,") != std::string::npos);
}

TEST_CASE("summary_json: says what stopped the comparison, where something did") {
  auto results = synthetic_results();
  results.back().complete = false;
  auto const read = nlohmann::json::parse(comparing::summary_json(synthetic_comparison(results, "stopped by SIGTERM")));
  CHECK(read.at("stopped") ==
        "5 of 6 runs are complete: stopped by SIGTERM; cut short, and in curves.csv only: poor_one seed 9 at 10,000 "
        "steps");
}
#endif
