// Our side of recurrent.py: one update of a recurrent PPO on CartPole-v1, on one core, and prints its milliseconds, the
// least of some.
//
//     cohort_recurrent HIDDEN LANES STEPS MINIBATCH EPOCHS UNROLL
#include <algorithm>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
#include <cstdlib>

using namespace cohort;

int main(int count, char** words) {
  if (count != 7) return std::fprintf(stderr, "cohort_recurrent HIDDEN LANES STEPS MINIBATCH EPOCHS UNROLL\n"), 2;
  auto number = [&](int k) { return std::atoi(words[k]); };
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole environment;
  actor_critic policy{cpu, environment, network{lstm{number(1)}, dense{64}}, random_seed{1}};
  auto ppo = algorithm{.rollout = lanes{.count = number(2), .horizon = number(3)},
                       .objective = clipped_ratio{} + value_loss{.weight = .5},
                       .update = update{.epochs = number(5),
                                        .minibatch_size = number(4),
                                        .optimizer = adam{.rate = 3e-4},
                                        .max_gradient_norm = .5,
                                        .unroll = number(6)}};
  double least = 1e9;
  training run{cpu, ppo, environment, policy, {.updates = 6, .seed = 1}};
  while (run.step()) least = std::min(least, run.report().learn_seconds);
  std::printf("%.3f\n", least * 1e3);
  return 0;
}
