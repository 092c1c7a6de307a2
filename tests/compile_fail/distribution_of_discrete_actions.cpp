// expect: the distribution does not fit the actions: state_dependent_gaussian, tanh_gaussian, beta_distribution and gsde are for a box
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/policy/actor_critic.hpp>

int main() {
  cohort::eigen::backend cpu;
#ifdef CONTROL
  cohort::classic_control::pendulum environment;
#else
  cohort::classic_control::cart_pole environment;
#endif
  auto policy =
      cohort::actor_critic{cpu, environment, cohort::beta_distribution{}, {.hidden = {8}}, cohort::random_seed{1}};
}
