#pragma once
// Every update.
#include <cohort/update/critic_warmup.hpp>
#include <cohort/update/trust_region.hpp>
#include <cohort/update/update.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// From a batch to new parameters.
using updates = std::tuple<update<>, critic_warmup<>, trust_region<>>;

}  // namespace COHORT_NAMESPACE::catalogue
