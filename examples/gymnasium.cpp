// Gymnasium's environments, each by one algorithm:
//
//     gymnasium lunar_lander 200000     PPO on LunarLander-v3
//     gymnasium half_cheetah 100000     GRPO on HalfCheetah-v5, in groups that start alike
//     gymnasium pong 20000              Hybrid GRPO on ALE/Pong-v5 with its RAM, whose probes are copies in mid-episode
//
// docs/gymnasium.md has the commands from nothing.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/gymnasium/make.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace cohort;

template <class Algorithm, class E>
void run(Algorithm const& algorithm, E const& environment, std::int64_t steps) {
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {64, 64}}, random_seed{1}};
  auto const report = train(cpu, algorithm, environment, policy, {.steps = steps, .seed = 1});
  std::printf("%s: %lld steps in %.1f s, %lld episodes, the last ones returned %.1f\n", environment.name().c_str(),
              static_cast<long long>(report.steps), report.seconds, static_cast<long long>(report.episodes),
              report.mean_return);
}

void lunar_lander(std::int64_t steps) {
  auto const lander = gymnasium::make("LunarLander-v3").of<discrete>();
  run(
      algorithm{
          .rollout = lanes{.count = 16, .horizon = 256},
          .advantage = gae{.gamma = .999, .lambda = .98},
          .objective = clipped_ratio{.epsilon = .2} + .5 * value_loss{} + entropy_bonus{.weight = .01},
          .update = update{.epochs = 4, .minibatch_size = 256, .optimizer = adam{.rate = 1e-3}},
      },
      lander, steps);
}

void half_cheetah(std::int64_t steps) {
  auto const cheetah = time_limit{gymnasium::make("HalfCheetah-v5").of<box<dynamic>>(), 200};
  run(
      algorithm{
          .rollout = groups{.count = 2, .group = 8},
          .advantage = group_relative{.by = credit::return_to_go},
          .objective = clipped_ratio{.epsilon = .2} + entropy_bonus{.weight = .001},
          .update = update{.epochs = 4, .minibatch_size = 400, .optimizer = adam{.rate = 1e-3}},
      },
      cheetah, steps);
}

void pong(std::int64_t steps) {
  auto const game = gymnasium::make("ALE/Pong-v5", {.arguments = {{"obs_type", "ram"}}}).of<discrete>();
  run(
      algorithm{
          .rollout = probes{.lanes = 2, .horizon = 32, .group = 4},
          .advantage = hybrid_grpo{},
          .objective = clipped_ratio{.epsilon = .2} + .5 * value_loss{} + entropy_bonus{.weight = .01},
          .update = update{.epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = 5e-4}},
      },
      game, steps);
  std::printf("copies by %s\n", game.copies().c_str());
}

}  // namespace

int main(int count, char** words) {
  std::string const name = count > 1 ? words[1] : "";
  std::int64_t const steps = count > 2 ? std::atoll(words[2]) : 10000;
  try {
    if (name == "lunar_lander") lunar_lander(steps);
    else if (name == "half_cheetah") half_cheetah(steps);
    else if (name == "pong") pong(steps);
    else {
      std::fprintf(stderr, "gymnasium lunar_lander|half_cheetah|pong [steps]\n");
      return 2;
    }
  } catch (cohort_error const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
