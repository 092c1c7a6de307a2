#pragma once
#include <filesystem>
#include <string>

#include "config.hpp"

namespace cli {

struct train_request {
  std::filesystem::path out;
  bool resume = false, overwrite = false, quiet = false;
};

/// Trains, and leaves in the folder
///
///     config.toml        all that was asked for, from which it can be run again
///     metrics.jsonl      a line for each update
///     evaluations.jsonl  a line for each evaluation
///     checkpoints/       the newest of the run's, with which --resume goes on
///     policy.cohort      the policy that evaluated best, the last one where nothing was evaluated
///     summary.json       what came out, written last
///
/// Ends after the update in which SIGINT or SIGTERM came, with a checkpoint of it.
void train(config c, train_request const& how);

}  // namespace cli
