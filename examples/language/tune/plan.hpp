#pragma once
#include <string>

#include "model_source.hpp"
#include "settings.hpp"

namespace tuning {

/// What a run takes in memory, part by part, as a table. Raises usage_error with the cheapest change by which it would
/// fit where it exceeds `machine` bytes.
std::string memory_plan(settings const& s, model_source const& source, std::size_t longest_prompt,
                        std::size_t longest_completion, double machine);

}  // namespace tuning
