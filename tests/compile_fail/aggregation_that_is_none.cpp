// expect: an aggregation needs `template <backend B, class T = value_t<B>> void operator()(B&, aggregated_steps<T> const&, view<T> weight) const`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct mean {
#ifdef CONTROL
  template <cohort::backend B, class T = cohort::value_t<B>>
  void operator()(B& b, cohort::aggregated_steps<T> const& steps, cohort::view<T> weight) const {
    cohort::step_mean{}(b, steps, weight);
  }
#else
  double operator()(double sum, int count) const { return sum / count; }
#endif
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(cpu, cohort::algorithm{.aggregation = mean{}}, environment, policy, {.steps = 1000});
}
