// expect: a rollout needs check() const and `template <backend B, class E, class Policy> using collector`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct episodes {
  int count = 4;
#ifdef CONTROL
  void check() const {}
  template <cohort::backend B, class E, class Policy>
  struct collector : cohort::lanes_collector<B, E, Policy> {
    collector(B& b, episodes const&, E const& e, Policy const& p, std::uint64_t seed)
        : cohort::lanes_collector<B, E, Policy>(b, {}, e, p, seed) {}
  };
#endif
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(cpu, cohort::algorithm{.rollout = episodes{}}, environment, policy, {.steps = 1000});
}
