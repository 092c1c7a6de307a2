#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

// What the hooks of these tests look on at.
namespace short_run {

using namespace cohort;

using machine = eigen::backend;
inline auto const ppo = algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                                  .objective = clipped_ratio{} + value_loss{.weight = .5},
                                  .update = update{.epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = 3e-3}}};
inline classic_control::cart_pole const pole{};

inline auto policy_of(machine& cpu) { return actor_critic{cpu, pole, {.hidden = {16}}, random_seed{1}}; }

}  // namespace short_run
