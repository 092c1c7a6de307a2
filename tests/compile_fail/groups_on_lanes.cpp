// expect: the advantage compares series of one start, which this rollout does not make: use the rollout groups
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

int main() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor{cpu, environment};
#ifdef CONTROL
  using rollout = groups;
#else
  using rollout = lanes;
#endif
  auto grpo = algorithm{.rollout = rollout{}, .advantage = group_relative{}, .objective = clipped_ratio{}};
  train(cpu, grpo, environment, policy, {.steps = 1000});
}
