#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"

using namespace cohort;

/// What tests/reliability/kills.cpp kills, in the folder where it is started. Its end is in end.cohort, which is whole
/// or not there.
TEST_CASE("checkpoints: a run that is killed", "[.]") {
  eigen::backend cpu({.threads = 2});
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
  auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                             .objective = clipped_ratio{} + value_loss{} + kl_penalty{.weight = doubling_kl{}},
                             .update = update{.epochs = 2, .minibatch_size = 24},
                             .reward = running_reward_scale{}};
  checkpoints kept{"checkpoints", {.every = 1, .keep = 2, .flush_every = .02}};
  training run{cpu, ppo, classic_control::cart_pole{}, policy, {.steps = 1'000'000, .updates = 20, .seed = 2}};
  kept.load_newest(cpu, run);
  CHECK(kept.complaints().empty());  // a kill leaves no file that is not whole
  while (run.step()) kept.on_run(run);
  auto end = copy_out(cpu, run);
  end.erase("seconds");
  file::write_state("end.cohort", file::json::object(), end);
}
