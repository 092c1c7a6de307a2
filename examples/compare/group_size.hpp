#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "../program/exit_status.hpp"
#include "../program/memory.hpp"
#include "settings.hpp"

namespace compare {

/// Bytes that a step of a rollout takes at least. (Measured by /usr/bin/time on runs with --group 1000 and 5000: 97 and
/// 125 with grpo, 565 and 559 with hybrid_grpo.)
inline constexpr double bytes_of_step = 90;

/// Refuses a --group whose rollouts, of so many steps for each member, have more steps than can be numbered or take
/// more memory than there is, with all runs that go at a time.
inline void require_possible_group(settings const& asked, std::string const& algorithm, double steps_of_member,
                                   double memory = program::memory_of_machine()) {
  if (!asked.group || steps_of_member == 0) return;
  double const runs = std::min<double>(asked.threads, double(asked.seeds) * double(asked.algorithms.size()));
  double const steps = std::min<double>(std::numeric_limits<std::int32_t>::max(), memory / bytes_of_step / runs);
  double const most = std::floor(steps / steps_of_member);
  if (*asked.group <= most) return;
  throw program::usage_error(
      "--group is '" + std::to_string(*asked.group) + "', expected a whole number from 2 to " + fixed(most, 0) +
      ": a rollout of " + algorithm + " has " + fixed(steps_of_member, 0) + " steps for each member and takes " +
      program::binary_size(*asked.group * steps_of_member * bytes_of_step) + " or more, " + fixed(runs, 0) +
      (runs == 1 ? " run goes" : " runs go") + " at a time, and this machine has " + program::binary_size(memory));
}

}  // namespace compare
