// What a distribution of actions is worth where the box of actions is far from a Gaussian's unit scale:
// docs/choosing.md.
#include <array>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
using namespace cohort;

struct valve {  // open it as far as asked, of 0 to 1e6
  struct state {
    float asked;
  };
  static constexpr box<1> actions{{0}, {1e6}};
  static constexpr box<1> observations{{0}, {1}};
  int max_episode_steps = 20;
  state reset(random_stream& draws) const { return {float(draws.uniform())}; }
  outcome step(state& s, std::array<float, 1> opened, random_stream& draws) const {
    double const share = std::fmin(std::fmax(opened[0], 0), 1e6) / 1e6;
    double const wrong = std::abs(share - s.asked);
    s.asked = float(draws.uniform());
    return {.reward = -wrong};
  }
  std::array<float, 1> observe(state const& s) const { return {s.asked}; }
};

template <class Policy, class E>
double trained(eigen::backend& cpu, E const& e, Policy policy) {
  auto ppo = algorithm{.rollout = lanes{.count = 8, .horizon = 64},
                       .advantage = gae{.gamma = 0},
                       .objective = clipped_ratio{} + value_loss{.weight = .5},
                       .update = update{.epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e-3}}};
  train(cpu, ppo, e, policy, {.steps = 30'000, .seed = 1});
  return evaluate(cpu, e, policy, 100).mean();
}

int main() {
  eigen::backend cpu({.threads = 1});
  valve const e;
  action_rescale const scaled{e};
  network_options const small{.hidden = {16}};
  double const gaussian = trained(cpu, e, actor_critic{cpu, e, small, random_seed{1}}),
               rescaled = trained(cpu, scaled, actor_critic{cpu, scaled, small, random_seed{1}}),
               beta = trained(cpu, e, actor_critic{cpu, e, beta_distribution{}, small, random_seed{1}}),
               tanh = trained(cpu, e, actor_critic{cpu, e, tanh_gaussian{}, small, random_seed{1}});
  std::printf("of 0: a Gaussian %.1f, of the rescaled box %.1f, beta %.1f, tanh %.1f\n", gaussian, rescaled, beta,
              tanh);
  return 0;
}
