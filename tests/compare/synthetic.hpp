#pragma once
#include <cohort/compare/summary.hpp>

/// Made-up results for the tests of what is written about them: `good` solves with all of its three seeds, `poor_one`
/// with the first.
inline cohort::comparing::plan synthetic_plan() {
  cohort::comparing::plan asked;
  asked.algorithms = {"good", "poor_one"};
  asked.seeds = 3;
  asked.first_seed = 7;
  asked.threads = 2;
  asked.environment = "CartPole-v1";
  asked.threshold = 475;
  return asked;
}

inline std::vector<cohort::comparing::run_result> synthetic_results() {
  std::vector<cohort::comparing::run_result> results;
  for (std::uint64_t seed = 7; seed < 10; ++seed)
    for (bool const good : {true, false}) {
      cohort::comparing::run_result run;
      run.algorithm = good ? "good" : "poor_one";
      run.seed = seed;
      run.solved = good || seed == 7;
      run.final_return = good ? 500 : run.solved ? 480.5 : 100.25;
      run.curve = {{5000, .1, 20.05}, {10000, .25, run.final_return}};
      if (run.solved) {
        run.steps_to_threshold = 10000;
        run.seconds_to_threshold = .25;
      }
      run.steps = 10000;
      run.seconds = .25;
      run.parameter_bytes = good ? 36'620 : 18'440;
      run.optimizer_bytes = 2 * run.parameter_bytes;
      results.push_back(run);
    }
  return results;
}

inline cohort::comparing::provenance synthetic_provenance() {
  return {"1.2.3",          "eigen", "clang 19.1.7", "0123456789ab", "a processor, 2 threads", "2026-11-29 20:15 UTC",
          "compare <again>"};
}

inline cohort::comparing::comparison synthetic_comparison(
    std::vector<cohort::comparing::run_result> const& results = synthetic_results(), std::string const& stopped_by = "",
    cohort::comparing::plan const& asked = synthetic_plan()) {
  return cohort::comparing::summarize(asked, synthetic_provenance(), results, stopped_by, [](std::string const& name) {
    return name == "good" ? "rollout      lanes{count = 8}\nupdate       update{epochs = 20}\n"
                          : "rollout      groups{count = 2}\nupdate       update{epochs = 10}\n";
  });
}
