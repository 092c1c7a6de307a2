// Parts of an algorithm of which one reads what the others do not give.
// case: value_without_critic -DPOLICY=actor -DREADS_VALUE
// expect: the objective reads the value function, and the policy has none: use actor_critic
// case: gae_without_critic -DPOLICY=actor
// expect: the advantage reads the value function, and the policy has none: use actor_critic
// case: groups_on_lanes -DADVANTAGE=group_relative
// expect: the advantage compares series of one start, which this rollout does not make: use the rollout groups
// case: probes_on_lanes -DADVANTAGE=hybrid_grpo
// expect: the advantage compares actions tried from one state: use it with the rollout probes
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#ifdef CONTROL
#undef POLICY
#undef ADVANTAGE
#endif
#ifndef POLICY
#define POLICY actor_critic
#endif
#ifndef ADVANTAGE
#define ADVANTAGE gae
#endif

using namespace cohort;

int main() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = POLICY{cpu, environment};
#ifdef READS_VALUE
  auto objective = clipped_ratio{} + value_loss{} + entropy_bonus{};
#else
  auto objective = clipped_ratio{};
#endif
  auto mixed = algorithm{.rollout = lanes{}, .advantage = ADVANTAGE{}, .objective = objective};
  train(cpu, mixed, environment, policy, {.steps = 1000});
}
