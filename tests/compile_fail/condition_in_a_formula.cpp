// expect: a comparison of scalars is a mask, not a bool: write select(condition, a, b) in a formula
// at most: 36 lines
// One error, followed by the user's line; the rest says who evaluates the formula, seven calls up from there (g++: 14
// lines).
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct one_sided {
  template <class S>
  constexpr S operator()(cohort::step_terms<S> const& s) const {
#ifdef CONTROL
    return select(s.advantage > 0, -s.logp * s.advantage, S(0));
#else
    if (s.advantage > 0) return -s.logp * s.advantage;
    return 0;
#endif
  }
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(cpu, cohort::algorithm{.objective = one_sided{}}, environment, policy, {.steps = 1000});
}
