// expect: must return as many bools as its actions have values
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/policy/actor_critic.hpp>

struct corridor {
  struct state {
    int position = 0;
  };
  static constexpr auto actions = cohort::discrete{2};
  static constexpr auto observations = cohort::box<1>{{0}, {10}};
  state reset(cohort::random_stream& draws) const { return {int(draws.integer(10))}; }
  cohort::outcome step(state& s, int action) const {
    s.position += action == 1 ? 1 : -1;
    return {1., s.position < 0 || s.position > 10};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.position)}; }
#ifdef CONTROL
  std::array<bool, 2> action_mask(state const& s) const { return {s.position > 0, s.position < 10}; }
#else
  std::array<bool, 1> action_mask(state const& s) const { return {s.position > 0}; }
#endif
};

int main() {
  cohort::eigen::backend cpu;
  auto policy = cohort::actor_critic{cpu, corridor{}, {.hidden = {8}}, cohort::seed{1}};
}
