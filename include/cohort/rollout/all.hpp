#pragma once
// Every rollout in environments.
#include <cohort/rollout/completion_metrics.hpp>
#include <cohort/rollout/groups.hpp>
#include <cohort/rollout/lanes.hpp>
#include <cohort/rollout/probes.hpp>
#include <cohort/rollout/vine.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// What a batch is collected by.
using rollouts = std::tuple<lanes, groups, probes, vine>;

}  // namespace COHORT_NAMESPACE::catalogue
