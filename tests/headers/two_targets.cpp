// A run as a user's; compiled for two processors by two_targets.cmake.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

double COHORT_PART() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment, {.hidden = {16}}, random_seed{1}};
  auto hybrid = algorithm{.rollout = probes{.lanes = 8, .horizon = 32, .group = 2},
                          .advantage = hybrid_grpo{},
                          .objective = clipped_ratio{} + value_loss{} + entropy_bonus{},
                          .update = update{.optimizer = adam{.rate = linear{2e-3, 0}}}};
  train(cpu, hybrid, environment, policy, {.steps = 1'000, .seed = 1}, progress_bar{});
  return evaluate(cpu, environment, policy, 10).mean();
}
