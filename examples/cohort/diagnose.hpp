#pragma once
#include <filesystem>

namespace cli {

/// Prints what is wrong with the run in a folder, a line for each finding. Raises program::usage_error for a folder
/// without a run, runtime_error where its log can't be read.
void diagnose(std::filesystem::path const& folder);

}  // namespace cli
