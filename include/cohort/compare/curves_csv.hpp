#pragma once
#include <string>
#include <vector>

#include <cohort/compare/summary.hpp>
#include <cohort/compare/text.hpp>

namespace COHORT_NAMESPACE::comparing {

/// curves.csv: one row for each evaluation of each run, by algorithm, seed and time. Numbers read back exactly.
inline std::string curves_csv(std::vector<std::string> const& algorithms, std::vector<run_result> const& results) {
  std::string rows = "algorithm,seed,steps,seconds,return\n";
  for (auto const& algorithm : algorithms)
    for (auto const& run : results)
      if (run.algorithm == algorithm)
        for (auto const& point : run.curve)
          rows += run.algorithm + ',' + std::to_string(run.seed) + ',' + std::to_string(point.steps) + ',' +
                  shortest(point.seconds) + ',' + shortest(point.mean_return) + '\n';
  return rows;
}
inline std::string curves_csv(comparison const& all) { return curves_csv(all.asked.algorithms, all.results); }

}  // namespace COHORT_NAMESPACE::comparing
