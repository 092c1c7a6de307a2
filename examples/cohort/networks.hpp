#pragma once
#include <cohort/policy/network_text.hpp>

#include "config.hpp"

namespace cli {

using policy_networks = cohort::networks<cohort::network_text, cohort::network_text>;

/// The networks of a config's policy for so many observed numbers. Raises program::usage_error naming the field, for
/// layers that do not fit, or that are said twice.
policy_networks networks_of(config const& c, int observations);

}  // namespace cli
