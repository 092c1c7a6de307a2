#pragma once
#include <cohort/erased/update_metrics.hpp>
#include <cohort/rollout/completion_metrics.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// What hooks see after each update, and what train returns.
struct train_report {
  std::int64_t steps = 0, total_steps = 0;
  std::int64_t episodes = 0, updates = 0, total_updates = 0;
  double seconds = 0;  ///< of collecting and learning; hooks do not count
  double collect_seconds = 0, estimate_seconds = 0, learn_seconds = 0;  ///< of the last update, by the host's clock
  /// Of the last 100 episodes (fewer at the beginning); NaN before the first has ended.
  double mean_return = std::numeric_limits<double>::quiet_NaN();
  update_metrics metrics{};
  /// Of the critic that collected, about the last targets (cohort/advantage/explained_variance.hpp); NaN without one.
  double explained_variance = std::numeric_limits<double>::quiet_NaN();
  completion_metrics completions{};  ///< of the last rollout of a language model, or of groups
  std::size_t parameter_bytes = 0;   ///< of the policy, and of the reference where there is one
  std::size_t optimizer_bytes = 0;
  std::int64_t skipped_steps = 0;       ///< of the optimizer, left out since something was not finite
  bool stopped = false;                 ///< by a hook
  std::vector<std::string> warnings{};  ///< what trains nothing, slowly, or not as it looks; progress_bar prints them
};

}  // namespace COHORT_NAMESPACE
