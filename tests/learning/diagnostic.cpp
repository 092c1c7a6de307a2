// What is learned is right: the optimum where it is known, and nothing where there is nothing to be learned.
#include <algorithm>
#include <cohort/backend/eigen.hpp>

#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include "../catch.hpp"

using namespace cohort;

namespace {

auto ppo(double gamma, double lambda, double rate, double entropy) {
  return algorithm{
      .rollout = lanes{.count = 8, .horizon = 64},
      .advantage = gae{.gamma = gamma, .lambda = lambda},
      .objective = clipped_ratio{} + value_loss{} + entropy_bonus{entropy},
      .update = update{
          .epochs = 8, .minibatch_size = 128, .optimizer = adam{.rate = linear{rate, 0}}, .max_gradient_norm = .5}};
}

/// The median over three seeds of what `returned(cpu, policy)` says of the policy that was trained.
template <class E, class Algorithm, class F, class N = network_options>
double median(E const& e, Algorithm const& algorithm, std::int64_t budget, F returned,
              N const& networks = {.hidden = {32}}) {
  std::vector<double> all;
  for (std::uint64_t s : {11, 12, 13}) {
    eigen::backend cpu({.threads = 1});
    actor_critic policy{cpu, e, networks, random_seed{s}};
    train(cpu, algorithm, e, policy, {.steps = budget, .seed = s});
    all.push_back(returned(cpu, policy));
  }
  std::sort(all.begin(), all.end());
  return all[1];
}

template <class N = network_options>
double mean_return(environment_of<discrete> const& e, std::int64_t budget, N const& networks = {.hidden = {32}}) {
  return median(
      e, ppo(.99, .9, 3e-3, .01), budget,
      [&](auto& cpu, auto& policy) {
        double total = 0;
        for (double r : evaluate(cpu, e, policy, 100, 99)) total += r;
        return total / 100;
      },
      networks);
}

}  // namespace

TEST_CASE("learning: PPO controls a linear system nearly as Riccati's equation does") {
  diagnostic::linear_quadratic const e;
  auto const mean_cost = [&](auto force) {
    double total = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed)
      for (environment_run run{e, seed}; !run.done();) {
        auto const [x, v] = run.observation();
        total -= run.step(force(x, v)).reward;
      }
    return total / 50;
  };
  auto const best = e.solve(.95);
  double const least = mean_cost([&](double x, double v) { return best.force(x, v); });
  environment_of<box<dynamic>> const scaled(reward_scale{e, .01});
  double const learned = median(scaled, ppo(.95, 1, 1e-3, 0), 100'000, [&](auto& cpu, auto& policy) {
    return mean_cost([&](double x, double v) {
      std::array<float, 2> const seen{float(x), float(v)};
      float force = 0;
      policy.act_deterministic(cpu, view<float const>(seen.data(), 1, 2), view<float>(&force, 1, 1));
      return double(force);
    });
  });
  CHECK(learned < 1.15 * least);
}

TEST_CASE("learning: PPO goes to the end of a chain, and finds the best arm") {
  CHECK(mean_return(environment_of<discrete>(diagnostic::chain{.length = 12}), 40'000) == 1);
  CHECK(mean_return(environment_of<discrete>(diagnostic::bandit<5>{{.1, .5, 1, .7, .3}}), 20'000) == 1);
}

TEST_CASE("learning: what is no longer seen a policy without memory guesses, and one with a GRU knows") {
  CHECK(mean_return(environment_of<discrete>(diagnostic::recall{.delay = 0}), 10'000) == 1);
  CHECK(std::abs(mean_return(environment_of<discrete>(diagnostic::recall{.delay = 4}), 20'000)) < .3);
  CHECK(mean_return(environment_of<discrete>(diagnostic::recall{.delay = 10}), 20'000, network{gru{16}}) == 1);
}

TEST_CASE("learning: PPO swings Acrobot up") {
  CHECK(mean_return(environment_of<discrete>(classic_control::acrobot{}), 100'000) > -100);
}
