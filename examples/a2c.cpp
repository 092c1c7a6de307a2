// A2C: a2c [CartPole-v1 | Pendulum-v1] [seed] [zoo]
//
// CartPole-v1 for 200,000 steps, Pendulum-v1 for 1,000,000, with values of our own; or, with zoo, CartPole-v1 for
// 100,000 with those of rl-baselines3-zoo. Prints one line of JSON, as bench/peers/zoo.py does for Stable-Baselines3.
#include "one_run.hpp"

int main(int argc, char** argv) {
  using namespace cohort;
  std::string name = argc > 1 ? argv[1] : "CartPole-v1";
  std::uint64_t s = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  bool zoo = argc > 3 && std::string(argv[3]) == "zoo";
  auto const objective = policy_gradient{} + value_loss{.weight = .5};
  auto once = [](auto optimizer, normalization normalize) {
    return update{.epochs = 1, .normalize = normalize, .optimizer = optimizer, .max_gradient_norm = .5};
  };
  if (name == "CartPole-v1" && zoo)
    return one_run(classic_control::cart_pole{},
                   algorithm{.rollout = lanes{.count = 8, .horizon = 5},
                             .advantage = gae{.gamma = .99, .lambda = 1},
                             .objective = objective,
                             .update = once(rmsprop{.rate = 7e-4}, normalization::none)},
                   "CartPole-v1", s, 100'000);
  if (name == "CartPole-v1")
    return one_run(classic_control::cart_pole{},
                   algorithm{.rollout = lanes{.count = 8, .horizon = 16},
                             .advantage = gae{.gamma = .98, .lambda = .95},
                             .objective = objective,
                             .update = once(adam{.rate = linear{4e-3, 0}}, normalization::none),
                             .reward = running_reward_scale{.gamma = .98}},
                   "CartPole-v1", s, 200'000);
  if (name == "Pendulum-v1" && !zoo)
    return one_run(classic_control::pendulum{},
                   algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                             .advantage = gae{.gamma = .9, .lambda = .9},
                             .objective = objective,
                             .update = once(adam{.rate = linear{2e-3, 0}}, normalization::batch),
                             .reward = running_reward_scale{.gamma = .9}},
                   "Pendulum-v1", s, 1'000'000);
  return std::fprintf(stderr,
                      "a2c: unknown environment %s%s, expected CartPole-v1, Pendulum-v1, or CartPole-v1 with zoo\n",
                      name.c_str(), zoo ? " with zoo" : ""),
         2;
}
