#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::comparing {

/// One evaluation during a run. Seconds are those of training alone: the clock stops while the policy is evaluated.
struct evaluation_point {
  long steps;
  double seconds;
  double mean_return;
};

/// What training one algorithm from one seed gave.
struct run_result {
  std::string algorithm;
  std::uint64_t seed = 0;
  bool complete = true;                 ///< false: it was cut short, so that all below but `curve` and `steps` is empty
  std::vector<evaluation_point> curve;  ///< in the order of training, from the untrained policy on
  double final_return = 0;              ///< mean return of the last policy over the final evaluation's episodes
  bool solved = false;                  ///< final_return reaches the threshold, where there is one
  std::optional<long>
      steps_to_threshold;  ///< of the first evaluation in `curve` that reaches it; empty where none does
  std::optional<double> seconds_to_threshold;  ///< the same, in seconds
  long steps = 0;                              ///< environment steps the run took in all
  double seconds = 0;                          ///< seconds it trained in all
  std::size_t parameter_bytes = 0;             ///< at their peak
  std::size_t optimizer_bytes = 0;             ///< at their peak
  std::vector<std::string> warnings{};         ///< what the training said of itself
};

}  // namespace COHORT_NAMESPACE::comparing
