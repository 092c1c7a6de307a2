// expect: an environment needs `outcome step(state&, action) const`, the action an int (discrete) or std::array<float,
// D> (box) at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct corridor {
  struct state {
    int position = 0;
  };
  static constexpr auto actions = cohort::discrete{2};
  static constexpr auto observations = cohort::box<1>{{0}, {10}};
  state reset(cohort::random_stream& draws) const { return {int(draws.integer(10))}; }
#ifdef CONTROL
  cohort::outcome step(state& s, int action) const {
    s.position += action == 1 ? 1 : -1;
    return {1., s.position < 0 || s.position > 10};
  }
#endif
  std::array<float, 1> observe(state const& s) const { return {float(s.position)}; }
};

int main() {
  cohort::eigen::backend cpu;
  cohort::actor_critic policy{cpu, cohort::classic_control::cart_pole{}};
  cohort::train(cpu, cohort::algorithm<>{}, corridor{}, policy, {.steps = 1000});
}
