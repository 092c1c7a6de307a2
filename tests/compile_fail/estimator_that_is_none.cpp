// expect: an advantage estimator needs `template <backend B, class T = value_t<B>> void operator()(B&, batch_view<T> const&, estimates<T> const&) const`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct of_rewards {
#ifdef CONTROL
  template <cohort::backend B, class T = cohort::value_t<B>>
  void operator()(B& b, cohort::batch_view<T> const& batch, cohort::estimates<T> const& out) const {
    cohort::monte_carlo{}(b, batch, out);
  }
#else
  double operator()(double reward, double value) const { return reward - value; }
#endif
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(cpu, cohort::algorithm{.advantage = of_rewards{}}, environment, policy, {.steps = 1000});
}
