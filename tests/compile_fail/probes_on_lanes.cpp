// expect: the advantage compares actions tried from one state: use it with the rollout probes
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

int main() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment};
#ifdef CONTROL
  using rollout = probes;
#else
  using rollout = lanes;
#endif
  auto hybrid = algorithm{.rollout = rollout{}, .advantage = hybrid_grpo{}, .objective = clipped_ratio{}};
  train(cpu, hybrid, environment, policy, {.steps = 1000});
}
