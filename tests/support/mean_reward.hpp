#pragma once
#include <cohort/run/evaluate.hpp>

namespace support {

/// The mean reward of a step over 64 episodes under the most probable actions.
double mean_reward(auto& backend, auto const& environment, auto& policy) {
  double total = 0;
  for (double r : cohort::evaluate(backend, environment, policy, 64, 99))
    total += r / (64 * environment.max_episode_steps);
  return total;
}

}  // namespace support
