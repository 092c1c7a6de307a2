// Each algorithm learns: fixed seeds, a threshold that their median must reach within a counted number of simulator
// steps.
#include <algorithm>
#include <cohort/backend/eigen.hpp>

#include <cohort/cohort.hpp>
#include <cstdint>
#include <ranges>
#include <vector>
#include "../catch.hpp"

using namespace cohort;

namespace {

template <class Make, class Algorithm, class E>
double median_return(E const& environment, Make make, Algorithm const& algorithm, std::int64_t budget) {
  std::vector<double> means;
  for (std::uint64_t s : {11, 12, 13, 14, 15}) {
    eigen::backend cpu({.threads = 1});
    auto policy = make(cpu, s);
    auto report = train(cpu, algorithm, environment, policy, {.steps = budget, .seed = s});
    CHECK(report.steps <= budget);
    double mean = 0;
    for (double r : evaluate(cpu, environment, policy, 20, 99)) mean += r / 20;
    means.push_back(mean);
  }
  std::sort(means.begin(), means.end());
  return means[2];
}

auto const critic = [](auto const& e) {
  return [&e](auto& cpu, std::uint64_t s) { return actor_critic{cpu, e, {}, random_seed{s}}; };
};

}  // namespace

TEST_CASE("learning: PPO balances the pole within 30,000 steps") {
  classic_control::cart_pole e;
  auto ppo = algorithm{
      .rollout = lanes{.count = 8, .horizon = 32},
      .advantage = gae{.gamma = .98, .lambda = .8},
      .objective = clipped_ratio{} + value_loss{},
      .aggregation = step_mean{},
      .update = update{
          .epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = linear{3e-3, 0}}, .max_gradient_norm = .5}};
  CHECK(median_return(e, critic(e), ppo, 30'000) >= 475);
}

TEST_CASE(
    "learning: a policy that is cloned from 10 episodes of PPO's balances the pole, and PPO goes on from it "
    "at a tenth of the rate; nothing is found wrong with the runs of PPO") {
  classic_control::cart_pole e;
  auto ppo = [](double rate) {
    return algorithm{
        .rollout = lanes{.count = 8, .horizon = 32},
        .advantage = gae{.gamma = .98, .lambda = .8},
        .objective = clipped_ratio{} + value_loss{},
        .aggregation = step_mean{},
        .update = update{
            .epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = linear{rate, 0}}, .max_gradient_norm = .5}};
  };
  std::vector<double> cloned, later;
  for (std::uint64_t s : {11, 12, 13}) {
    eigen::backend cpu({.threads = 1});
    auto expert = critic(e)(cpu, s), policy = critic(e)(cpu, s + 100);
    diagnosis look{{.max_gradient_norm = .5}};
    train(cpu, ppo(3e-3), e, expert, {.steps = 30'000, .seed = s}, look);
    CHECK(look.findings().empty());
    controller control{cpu, e, expert};
    environment_run run{e, s};
    std::vector<float> observations;
    std::vector<std::int32_t> actions;
    for (int episode = 0; episode < 10; ++episode, run.reset())
      while (!run.done()) {
        auto const seen = run.observation();
        observations.insert(observations.end(), seen.begin(), seen.end());
        actions.push_back(control.best(seen));
        run.step(actions.back());
      }
    CHECK(evaluate(cpu, e, policy, 20, 99).mean() < 200);
    auto const report = imitate(cpu, policy, observations, actions,
                                update{.epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e-3}}, {s});
    CHECK(report.losses.back() < .5 * report.losses.front());
    cloned.push_back(evaluate(cpu, e, policy, 20, 99).mean());
    train(cpu, ppo(3e-4), e, policy, {.steps = 30'000, .seed = s});
    later.push_back(evaluate(cpu, e, policy, 20, 99).mean());
  }
  std::ranges::sort(cloned), std::ranges::sort(later);
  CAPTURE(cloned, later);
  CHECK(cloned[1] > 400);
  CHECK(later[1] >= 475);
}

TEST_CASE("learning: GRPO balances the pole within 40,000 steps, without a critic") {
  classic_control::cart_pole e;
  auto grpo = algorithm{.rollout = groups{.count = 2, .group = 8},
                        .advantage = group_relative{.by = credit::return_to_go, .gamma = .99},
                        .objective = clipped_ratio{},
                        .aggregation = step_mean{},
                        .update = update{.epochs = 10,
                                         .minibatch_size = 256,
                                         .normalize = normalization::none,
                                         .optimizer = adam{.rate = linear{2e-3, 0}},
                                         .max_gradient_norm = .5}};
  CHECK(median_return(
            e, [&](auto& cpu, std::uint64_t s) { return actor{cpu, e, {}, random_seed{s}}; }, grpo, 40'000) >= 475);
}

TEST_CASE("learning: Hybrid GRPO balances the pole within 60,000 steps, every probe counted") {
  classic_control::cart_pole e;
  auto hybrid = algorithm{
      .rollout = probes{.lanes = 8, .horizon = 32, .group = 2},
      .advantage = hybrid_grpo{.gamma = .98, .lambda = .8, .target = critic_target::lambda_return, .tail = true},
      .objective = clipped_ratio{} + value_loss{},
      .aggregation = step_mean{},
      .update = update{
          .epochs = 10, .minibatch_size = 256, .optimizer = adam{.rate = linear{2e-3, 0}}, .max_gradient_norm = .5}};
  CHECK(median_return(e, critic(e), hybrid, 60'000) >= 475);
}

TEST_CASE(
    "learning: VinePPO balances the pole for 100 steps within 200,000 steps, every copy's counted, without a critic") {
  time_limit e{classic_control::cart_pole{}, 100};
  auto vine_ppo = algorithm{
      .rollout = vine{.lanes = 4, .horizon = 32, .rollouts = 2, .gamma = .98},
      .advantage = gae{.gamma = .98, .lambda = 0},
      .objective = clipped_ratio{},
      .aggregation = step_mean{},
      .update = update{.epochs = 6, .minibatch_size = 64, .optimizer = adam{.rate = 3e-3}, .max_gradient_norm = .5}};
  CHECK(median_return(
            e, [&](auto& cpu, std::uint64_t s) { return actor{cpu, e, {}, random_seed{s}}; }, vine_ppo, 200'000) >= 95);
}

TEST_CASE("learning: A2C balances the pole within 200,000 steps, each seen once") {
  classic_control::cart_pole e;
  auto a2c = algorithm{.rollout = lanes{.count = 8, .horizon = 16},
                       .advantage = gae{.gamma = .98, .lambda = .95},
                       .objective = policy_gradient{} + value_loss{},
                       .aggregation = step_mean{},
                       .update = update{.epochs = 1,
                                        .normalize = normalization::none,
                                        .optimizer = adam{.rate = linear{4e-3, 0}},
                                        .max_gradient_norm = .5},
                       .reward = running_reward_scale{.gamma = .98}};
  CHECK(median_return(e, critic(e), a2c, 200'000) >= 475);
}

TEST_CASE("learning: A2C swings the pendulum up within 1,000,000 steps, each seen once") {
  classic_control::pendulum e;
  auto a2c = algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                       .advantage = gae{.gamma = .9, .lambda = .9},
                       .objective = policy_gradient{} + value_loss{},
                       .aggregation = step_mean{},
                       .update = update{.epochs = 1,
                                        .normalize = normalization::batch,
                                        .optimizer = adam{.rate = linear{2e-3, 0}},
                                        .max_gradient_norm = .5},
                       .reward = running_reward_scale{.gamma = .9}};
  CHECK(median_return(e, critic(e), a2c, 1'000'000) >= -200);
}

TEST_CASE("learning: TRPO balances the pole within 20,000 steps") {
  classic_control::cart_pole e;
  auto trpo = algorithm{
      .rollout = lanes{.count = 8, .horizon = 64},
      .advantage = gae{.gamma = .98, .lambda = .8},
      .objective = importance_ratio{} + value_loss{},
      .aggregation = step_mean{},
      .update = trust_region{.critic = update{.epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e-3}}}};
  CHECK(median_return(e, critic(e), trpo, 20'000) >= 475);
}

TEST_CASE("learning: TRPO swings the pendulum up within 50,000 steps") {
  classic_control::pendulum e;
  auto trpo = algorithm{.rollout = lanes{.count = 8, .horizon = 128},
                        .advantage = gae{.gamma = .9, .lambda = .95},
                        .objective = importance_ratio{} + value_loss{},
                        .aggregation = step_mean{},
                        .update = trust_region{}};
  CHECK(median_return(e, critic(e), trpo, 50'000) >= -300);
}

TEST_CASE("learning: PPO swings the pendulum up within 100,000 steps") {
  classic_control::pendulum e;
  auto ppo = algorithm{
      .rollout = lanes{.count = 4, .horizon = 1024},
      .advantage = gae{.gamma = .9, .lambda = .95},
      .objective = clipped_ratio{} + value_loss{},
      .aggregation = step_mean{},
      .update = update{.epochs = 10, .minibatch_size = 128, .optimizer = adam{.rate = 1e-3}, .max_gradient_norm = .5}};
  CHECK(median_return(e, critic(e), ppo, 100'000) >= -300);
}
