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

inline compare::provenance synthetic_provenance() {
  return {"1.2.3", "eigen", "clang 19.1.7", "0123456789ab", "a processor, 2 threads", "2026-11-29 20:15 UTC"};
}

inline compare::comparison synthetic_comparison(std::vector<compare::run_result> const& results = synthetic_results(),
                                                std::string const& stopped_by = "",
                                                compare::settings const& asked = synthetic_settings()) {
  return compare::summarize(asked, synthetic_provenance(), 475, results, stopped_by, [](std::string const& name) {
    return name == "good" ? "rollout      lanes{count = 8}\nupdate       update{epochs = 20}\n"
                          : "rollout      groups{count = 2}\nupdate       update{epochs = 10}\n";
  });
}
