#pragma once
#include <filesystem>
#include <string>

namespace cli {

/// Writes the policy of a file, or of a run's folder, as a header. Which environment it is of, the file says.
void export_policy(std::filesystem::path from, std::filesystem::path const& header, std::string const& name);

}  // namespace cli
