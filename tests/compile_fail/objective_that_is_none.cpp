// expect: an objective needs `template <class S> constexpr S operator()(step_terms<S> const&) const`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct ratio {
#ifdef CONTROL
  template <class S>
  constexpr S operator()(cohort::step_terms<S> const& s) const {
    return -exp(s.logp - s.old_logp) * s.advantage;
  }
#else
  double operator()(double logp, double old_logp, double advantage) const { return -(logp - old_logp) * advantage; }
#endif
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(cpu, cohort::algorithm{.objective = ratio{}}, environment, policy, {.steps = 1000});
}
