// TRPO for 100,000 steps with the values of rl-baselines3-zoo: trpo [CartPole-v1 | Pendulum-v1] [seed]
//
// Prints one line of JSON, as bench/peers/zoo.py does for sb3-contrib: the mean return of the last 100 episodes after
// each update, and of 500 deterministic episodes at the end.
#include "one_run.hpp"

int main(int argc, char** argv) {
  using namespace cohort;
  std::string name = argc > 1 ? argv[1] : "CartPole-v1";
  std::uint64_t s = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  auto critic = [](int epochs, int minibatch) {
    return update{.epochs = epochs, .minibatch_size = minibatch, .optimizer = adam{.rate = 1e-3}};
  };
  auto const objective = importance_ratio{} + value_loss{.weight = 1};
  if (name == "CartPole-v1")
    return one_run(
        classic_control::cart_pole{},
        algorithm{.rollout = lanes{.count = 2, .horizon = 512},
                  .advantage = gae{.gamma = .99, .lambda = .98},
                  .objective = objective,
                  .update = trust_region{.damping = 1e-3, .over = divergence_over::pi, .critic = critic(20, 512)}},
        "CartPole-v1", s);
  if (name == "Pendulum-v1")
    return one_run(classic_control::pendulum{},
                   algorithm{.rollout = lanes{.count = 2, .horizon = 1024},
                             .advantage = gae{.gamma = .9, .lambda = .95},
                             .objective = objective,
                             .update = trust_region{.over = divergence_over::pi, .critic = critic(15, 128)}},
                   "Pendulum-v1", s);
  return std::fprintf(stderr, "trpo: unknown environment %s, expected CartPole-v1 or Pendulum-v1\n", name.c_str()), 2;
}
