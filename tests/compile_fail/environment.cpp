// An environment that lacks one thing, given to a policy and given to train.
// case: environment_state -DWITHOUT_STATE
// expect: an environment needs a member type `state`: a struct, or a template over the scalar
// case: environment_copyable -DWITHOUT_COPIES
// expect: an environment's state must be copyable: copying it is how the environment is cloned
// case: environment_actions -DWITHOUT_ACTIONS
// expect: an environment needs `static constexpr discrete actions{n};` or `static constexpr box<D> actions{low, high};`
// case: environment_observations -DWITHOUT_OBSERVATIONS
// expect: an environment needs `static constexpr box<D> observations{low, high};`
// case: environment_reset -DWITHOUT_RESET
// expect: an environment needs `state reset(random_stream&) const`, returning its state
// case: environment_step -DWITHOUT_STEP
// expect: an environment needs `outcome step(state&, action) const`, the action an int (discrete) or std::array<float, D> (box)
// case: environment_observe -DWITHOUT_OBSERVE
// expect: an environment needs `std::array<float, D> observe(state const&) const` with D as in `observations`
// case: environment_action_mask -DMASK_OF_ONE
// expect: must return as many bools as its actions have values
// case: environment_actions_without_value -DNO_ACTION
// expect: an environment's `actions` have no value
// case: environment_observations_without_value -DNO_OBSERVATION
// expect: an environment's `observations` have no value
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/run/algorithm.hpp>
#include <cohort/run/train.hpp>
#include <memory>

#ifdef CONTROL
#undef WITHOUT_STATE
#undef WITHOUT_COPIES
#undef WITHOUT_ACTIONS
#undef WITHOUT_OBSERVATIONS
#undef WITHOUT_RESET
#undef WITHOUT_STEP
#undef WITHOUT_OBSERVE
#undef MASK_OF_ONE
#undef NO_ACTION
#undef NO_OBSERVATION
#endif

struct corridor {
  struct place {
    int position = 0;
#ifdef WITHOUT_COPIES
    std::unique_ptr<int> owned = {};
#endif
  };
#ifndef WITHOUT_STATE
  using state = place;
#endif
#ifndef WITHOUT_ACTIONS
#ifdef NO_ACTION
  static constexpr auto actions = cohort::discrete{0};
#else
  static constexpr auto actions = cohort::discrete{2};
#endif
#endif
#ifndef WITHOUT_OBSERVATIONS
#ifdef NO_OBSERVATION
  static constexpr auto observations = cohort::box<1>{{10}, {0}};
#else
  static constexpr auto observations = cohort::box<1>{{0}, {10}};
#endif
#endif
#ifndef WITHOUT_RESET
  place reset(cohort::random_stream& draws) const { return {int(draws.integer(10))}; }
#endif
#ifndef WITHOUT_STEP
  cohort::outcome step(place& s, int action) const {
    s.position += action == 1 ? 1 : -1;
    return {1., s.position < 0 || s.position > 10};
  }
#endif
#ifndef WITHOUT_OBSERVE
  std::array<float, 1> observe(place const& s) const { return {float(s.position)}; }
#endif
#ifdef MASK_OF_ONE
  std::array<bool, 1> action_mask(place const& s) const { return {s.position > 0}; }
#else
  std::array<bool, 2> action_mask(place const& s) const { return {s.position > 0, s.position < 10}; }
#endif
};

int main() {
  cohort::eigen::backend cpu;
#ifdef GIVEN_TO_TRAIN
  cohort::actor_critic policy{cpu, cohort::classic_control::cart_pole{}};
  cohort::train(cpu, cohort::algorithm<>{}, corridor{}, policy, {.steps = 1000});
#else
  auto policy = cohort::actor_critic{cpu, corridor{}, {.hidden = {8}}, cohort::random_seed{1}};
#endif
}
