#pragma once
#include <filesystem>
#include <string>

#include "settings.hpp"

namespace tuning {

/// report.html from the logs in a run's folder: one page, without scripts or anything from elsewhere.
std::string report(settings const& s, std::filesystem::path const& folder, std::string const& ended_by);

}  // namespace tuning
