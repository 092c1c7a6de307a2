// expect: an optimizer needs `template <backend B> struct state`, start(B&, std::ptrdiff_t) and update(
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

struct descent {
  double rate = .1;
};

int main() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment};
#ifdef CONTROL
  auto optimizer = sgd{.rate = .1};
#else
  auto optimizer = descent{};
#endif
  train(cpu, algorithm{.update = update{.optimizer = optimizer}}, environment, policy, {.steps = 1000});
}
