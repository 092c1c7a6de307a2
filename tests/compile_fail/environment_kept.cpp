// A run is kept whose environment has states that are not plain bytes, and no way to write them, or half of one.
// case: environment_kept_without_save -DWITHOUT_BOTH
// expect: needs `std::vector<std::byte> save(state const&) const`
// case: environment_kept_without_load -DWITHOUT_LOAD -DPLAIN
// expect: needs `std::vector<std::byte> save(state const&) const`
// at most: 40 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#ifdef CONTROL
#undef WITHOUT_BOTH
#undef WITHOUT_LOAD
#endif

using namespace cohort;

struct corridor {
  struct state {
#ifdef PLAIN
    int const* places = nullptr;
#else
    std::vector<int> places = {};
#endif
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {10}};
  state reset(random_stream&) const { return {}; }
  outcome step(state&, int) const { return {1}; }
  std::array<float, 1> observe(state const&) const { return {1}; }
#ifndef WITHOUT_BOTH
  std::vector<std::byte> save(state const&) const { return {}; }
#ifndef WITHOUT_LOAD
  state load(std::span<std::byte const>) const { return {}; }
#endif
#endif
};

int main() {
  eigen::backend cpu;
  auto ppo = algorithm{.rollout = lanes{}, .objective = clipped_ratio{} + value_loss{}};
  actor_critic policy{cpu, corridor{}};
  training run{cpu, ppo, corridor{}, policy, {.steps = 1000}};
  copy_out(cpu, run);
}
