// expect: the policy was made on a backend of other numbers: both of float, or both of double
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

int main() {
  cohort::eigen::basic_backend<float> cpu;
#ifdef CONTROL
  cohort::eigen::basic_backend<float> same;
#else
  cohort::eigen::basic_backend<double> same;
#endif
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(same, cohort::algorithm{}, environment, policy, {.steps = 1000});
}
