#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/preset/any_rollout.hpp>
#include <cohort/preset/any_update.hpp>
#include <cohort/run/training.hpp>
#include <string>
#include <vector>

#include "config.hpp"

namespace cli {

using machine = cohort::eigen::backend;
using run_algorithm = cohort::any_algorithm<machine, cohort::any_rollout, cohort::any_update<machine>>;

/// An algorithm of which a config says the name and some parameters.
struct chosen_algorithm {
  run_algorithm parts;
  std::string text;                       ///< part by part
  std::vector<cohort::setting> settings;  ///< all that there are
  bool needs_critic;
};

/// It also sets what a tuned preset says of the policy, where the config does not. Raises program::usage_error, naming
/// where it was asked for, for a name or a parameter that there is not, a value out of its range, and a preset that
/// reads a language task.
chosen_algorithm algorithm_of(config& c);

/// Those that play environments, and which of them are tuned for this one.
std::vector<std::string> algorithm_names();
std::vector<std::string> tuned_names(std::string const& environment);

}  // namespace cli
