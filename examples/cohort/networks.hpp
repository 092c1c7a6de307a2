#pragma once
#include <cohort/checkpoint/described_networks.hpp>

#include "config.hpp"

namespace cli {

/// The networks of a config's policy for so many observed numbers. Raises program::usage_error naming the field, for
/// layers that do not fit, or that are said twice.
cohort::detail::described_networks networks_of(config const& c, int observations);

}  // namespace cli
