// Wrappers of what they cannot wrap, and in an impossible order.
// case: wrapper_of_choices -DOF_CHOICES
// expect: action_rescale: the environment's actions are choices, expected the numbers of a box
// case: wrapper_of_no_bounds -DOF_NO_BOUNDS
// expect: discretized_actions: the environment's actions are without a bound, expected a box of finite low and high
// case: wrapper_of_a_mask -DOF_A_MASK
// expect: sticky_actions: the environment has an action mask, which may forbid the next step the action that is
// case: wrapper_without_frames -DWITHOUT_FRAMES
// expect: frame_stack: there are no frames, expected one or more
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/wrappers.hpp>

using namespace cohort;
using classic_control::cart_pole, classic_control::pendulum;

struct on_rails : cart_pole {
  template <class S>
  std::array<mask_t<S>, 2> action_mask(state<S> const& s) const {
    return {s.position > -1, s.position < 1};
  }
};

int main() {
#ifdef CONTROL
  frame_stack e{sticky_actions{discretized_actions{action_rescale{pendulum{}}, 3}, .25}, frames<2>};
#elif defined(OF_CHOICES)
  action_rescale e{cart_pole{}};
#elif defined(OF_NO_BOUNDS)
  discretized_actions e{action_clip{pendulum{}}, 3};
#elif defined(OF_A_MASK)
  sticky_actions e{on_rails{}, .25};
#else
  frame_stack e{cart_pole{}, frames<0>};
#endif
  environment_run run{e, 1};
  return int(run.step(1).reward);
}
