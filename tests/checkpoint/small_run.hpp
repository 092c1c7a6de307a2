#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdint>

// A run of six updates, for tests of files.
namespace small_run {

using namespace cohort;

inline auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                                  .objective = clipped_ratio{} + value_loss{},
                                  .update = update{.epochs = 2, .minibatch_size = 24}};

inline auto small_policy(eigen::backend& backend, std::uint64_t seed = 1) {
  return actor_critic{backend, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{seed}};
}
/// Every layer, for observations of four numbers.
inline auto const every_layer = network{side_by_side{network{image{2, 2, 1}, convolution{2, 2, 1, activation::tanh, 1}},
                                                     network{columns{1, 2}, layer_norm{.epsilon = .01}}},
                                        dense{6}, residual{dense{5, activation::relu}, dense{6, activation::linear}}};
template <class Algorithm = decltype(ppo)>
auto run_of(eigen::backend& backend, auto& policy, Algorithm const& how = ppo) {
  return training{backend, how, classic_control::cart_pole{}, policy, {.steps = 100'000, .updates = 6, .seed = 2}};
}

}  // namespace small_run
