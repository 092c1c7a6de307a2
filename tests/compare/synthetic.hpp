#pragma once
#include "../../examples/compare/summary.hpp"

/// Made-up results for the tests of what is written about them: `good` solves with all of its three seeds, `poor_one`
/// with the first.
inline compare::settings synthetic_settings() {
  compare::settings asked;
  asked.algorithms = {"good", "poor_one"};
  asked.seeds = 3;
  asked.first_seed = 7;
  asked.threads = 2;
  return asked;
}

inline std::vector<compare::run_result> synthetic_results() {
  std::vector<compare::run_result> results;
  for (std::uint64_t seed = 7; seed < 10; ++seed)
    for (bool const good : {true, false}) {
      compare::run_result run;
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

inline compare::comparison synthetic_comparison() {
  return compare::summarize(synthetic_settings(), "eigen", "1.2.3", 475, synthetic_results());
}
