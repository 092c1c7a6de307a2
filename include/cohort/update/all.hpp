#pragma once
// Every update.
#include <cohort/update/critic_warmup.hpp>
#include <cohort/update/trust_region.hpp>
#include <cohort/update/update.hpp>
#include <tuple>

namespace cohort::catalogue {

/// From a batch to new parameters.
inline const std::tuple<update<>, critic_warmup<>, trust_region<>> updates{};

}  // namespace cohort::catalogue
