// expect: the advantage reads the value function, and the policy has none: use actor_critic
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

int main() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
#ifdef CONTROL
  auto policy = actor_critic{cpu, environment};
#else
  auto policy = actor{cpu, environment};
#endif
  auto ppo = algorithm{.rollout = lanes{}, .advantage = gae{}, .objective = clipped_ratio{}};
  train(cpu, ppo, environment, policy, {.steps = 1000});
}
