#include "../support/own_objectives.hpp"
#include "agreement.hpp"

using namespace cohort;
using agreement::agree;

TEST_CASE(
    "torch: autograd through the totals of series agrees with the duals' way back, and exact divergences are terms "
    "like others") {
  agree(gspo{.epsilon = .1, .epsilon_high = .1});
  agree(gspo_step{.epsilon = .1, .epsilon_high = .1});
  agree(gmpo{.epsilon = .3});
  agree(vespo{});
  agree(tic_grpo{});
  agree(series_kl_penalty{.estimator = k3{}, .weight = .3});
  agree(mine::of_series{} + mine::of_step{});
  agree(clipped_ratio{} + .5 * gspo{.epsilon = .05, .epsilon_high = .05} + exact_kl_penalty{.weight = .2} +
        old_kl_penalty{.weight = .1});
}
