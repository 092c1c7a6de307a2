#pragma once
#include <cohort/compiler.hpp>
#include <cstdint>
#include <limits>

namespace COHORT_NAMESPACE {

struct train_options {
  std::int64_t steps = 100'000;  ///< simulator steps, probes included; a run never takes more
  std::int64_t updates = std::numeric_limits<std::int64_t>::max();  ///< at most so many
  std::uint64_t seed = 0;  ///< of actions, resets and minibatches; the policy's own seed sets its parameters
};

/// What step_for has come to: the step is under way, an update is complete, or the run is at its end.
enum class step_state { under_way, updated, ended };

namespace detail {

// Of the part of a program that reads it: a default argument or part of a name, so that parts may differ.
#ifdef __OPTIMIZE__
constexpr bool is_optimized = true;
#else
constexpr bool is_optimized = false;
#endif

}  // namespace detail
}  // namespace COHORT_NAMESPACE
