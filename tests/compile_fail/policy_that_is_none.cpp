// expect: a policy needs `has_critic`, parameters(), gradient() and what else docs/policies.md lists
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct table {
  float values[4][2];
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
#ifdef CONTROL
  auto policy = cohort::actor{cpu, environment};
  auto reinforce = cohort::algorithm{.advantage = cohort::monte_carlo{}};
#else
  auto policy = table{};
  auto reinforce = cohort::algorithm{};
#endif
  cohort::train(cpu, reinforce, environment, policy, {.steps = 1000});
}
