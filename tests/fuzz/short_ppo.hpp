#pragma once
#include <cohort/cohort.hpp>

namespace fuzz {

/// Of the run that a target reads, and of the one that a seed is.
inline auto const short_ppo = cohort::algorithm{.rollout = cohort::lanes{.count = 2, .horizon = 4},
                                                .objective = cohort::clipped_ratio{} + cohort::value_loss{},
                                                .update = cohort::update{.epochs = 1, .minibatch_size = 8}};

}  // namespace fuzz
