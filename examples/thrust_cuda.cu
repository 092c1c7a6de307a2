// The program of the README on a GPU: environments, policy and update in its memory. Link cohort::thrust_cuda; nothing
// else changes.
#include <cohort/backend/thrust.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>

using namespace cohort;

int main() {
  try {
    cohort::thrust::backend gpu;
    classic_control::cart_pole environment;
    actor_critic policy{gpu, environment, {.hidden = {64, 64}}, random_seed{1}};
    auto ppo = algorithm{
        .rollout = lanes{.count = 1024, .horizon = 32},
        .advantage = gae{.gamma = .98, .lambda = .8},
        .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
        .update = update{.epochs = 10,
                         .minibatch_size = 4096,
                         .optimizer = adam{.rate = linear{2e-3, 0}},
                         .max_gradient_norm = .5},
    };
    auto report = train(gpu, ppo, environment, policy, {.steps = 2'000'000, .seed = 1});
    std::printf("%lld steps in %.1f s; the last 100 episodes returned %.0f of 500\n", (long long)report.steps,
                report.seconds, report.mean_return);
  } catch (device_error const& error) {
    std::printf("no training without a GPU: %s\n", error.what());
  }
}
