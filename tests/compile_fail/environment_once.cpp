// An environment that lacks one thing is said once, wherever it is given first.
// case: environment_policy_first -DPOLICY_FIRST
// expect: an environment needs `std::array<float, D> observe(state const&) const` with D as in `observations`
// case: environment_in_training -DTRAINING
// expect: an environment needs `std::array<float, D> observe(state const&) const` with D as in `observations`
// case: environment_evaluated -DEVALUATED
// expect: an environment needs `std::array<float, D> observe(state const&) const` with D as in `observations`
// case: environment_stepped -DSTEPPED
// expect: an environment needs `std::array<float, D> observe(state const&) const` with D as in `observations`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

struct corridor {
  struct state {
    int position = 5;
  };
  static constexpr auto actions = discrete{2};
  static constexpr auto observations = box<1>{{0}, {10}};
  int max_episode_steps = 50;
  state reset(random_stream&) const { return {}; }
  outcome step(state& s, int action) const {
    s.position += action == 1 ? 1 : -1;
    return {1., s.position < 0 || s.position > 10};
  }
#ifdef CONTROL
  std::array<float, 1> observe(state const& s) const { return {float(s.position)}; }
#endif
};

int main() {
  eigen::backend cpu;
  corridor environment;
#ifdef POLICY_FIRST
  auto policy = actor_critic{cpu, environment, {.hidden = {8}}, random_seed{1}};
  train(cpu, algorithm<>{}, environment, policy, {.steps = 1000});
  training run{cpu, algorithm<>{}, environment, policy, {.steps = 1000}};
  while (run.step()) {
  }
  return int(evaluate(cpu, environment, policy, 10).mean() + run.report().mean_return);
#elif !defined(STEPPED)
  auto policy = actor_critic{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
#ifdef TRAINING
  training run{cpu, algorithm<>{}, environment, policy, {.steps = 1000}};
  run.step();
#else
  evaluate(cpu, environment, policy, 10);
#endif
#else
  environment_run run{environment, 1};
#endif
}
