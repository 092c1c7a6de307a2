// expect: a distribution of your own needs `static constexpr int parameters, uniforms`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/policy/actor_critic.hpp>

struct laplace {
  double scale = 1;
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::pendulum environment;
#ifdef CONTROL
  auto model = cohort::beta_distribution{};
#else
  auto model = laplace{};
#endif
  auto policy = cohort::actor_critic{cpu, environment, model, {.hidden = {8}}, cohort::random_seed{1}};
}
