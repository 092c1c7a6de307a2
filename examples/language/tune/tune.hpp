#pragma once
#include "settings.hpp"

namespace tuning {

/// The program of a method: its exit status. It leaves in the folder of --out
///
///     model/ or model.gguf   what was trained, as its source is written
///     summary.json           what came out, written last
///     report.html            curves and completions
///     config.toml            all that was asked for, from which it can be run again
///     metrics.jsonl, evaluations.jsonl, completions.jsonl, tensorboard/
///     checkpoints/           the newest, with which --resume goes on
///
/// and ends after the update in which SIGINT or SIGTERM came, with all of these.
int tune(method how, int argc, char const* const* argv);

}  // namespace tuning
