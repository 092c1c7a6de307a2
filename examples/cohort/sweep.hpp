#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "config.hpp"

namespace cli {

struct sweep_request {
  std::string program;  ///< this one
  std::string config;
  std::vector<field> fields{};  ///< of all runs, over those of the config
  std::filesystem::path out = "runs/sweep";
  bool resume = false;
};

/// Runs what a [sweep] describes, each run a process and a folder of its own, and leaves in the folder
///
///     sweep.sqlite            trials(id, fields), runs(trial, seed, steps, state, mean, deviation, ...)
///     TRIAL/SEED/             the runs, as `cohort train` leaves them
///     ranking.txt, .html      the trials, the best first
///
/// A sweep that was stopped or killed goes on with --resume where it was, its runs from their checkpoints.
void sweep(sweep_request const& how);

}  // namespace cli
