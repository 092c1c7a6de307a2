// One PPO update: 2,048 steps of CartPole, two 64-64 tanh networks, one epoch; and its products alone, which bound it.
// What normalized observations cost of a CartPole run (percent): runs with and without them take turns, each seed's
// updates of 20 epochs on 256 steps.
#include <benchmark/benchmark.h>
#include <cohort/cohort.hpp>
#include <ctime>

#include "../examples/compare/machine.hpp"

using namespace cohort;

namespace {

void ppo_update(benchmark::State& state) {
  auto cpu = compare::one_thread();
  classic_control::cart_pole environment;
  actor_critic policy{cpu, environment, {}, random_seed{1}};
  lanes rollout{.count = 32, .horizon = 64};
  lanes::collector<compare::machine, classic_control::cart_pole, decltype(policy)> collector(cpu, rollout, environment,
                                                                                             policy, 1);
  rollout_summary summary;
  auto& batch = collector.collect(cpu, policy, 1'000'000, summary);
  gae{.gamma = .98, .lambda = .8}(cpu, batch.view_for_estimator(), {batch.advantage.all(), batch.target.all()});
  update how{.epochs = 1, .minibatch_size = state.range(0), .optimizer = adam{.rate = 1e-6}, .max_gradient_norm = .5};
  learner<compare::machine, decltype(policy)> learn(cpu, how, step_mean{}, policy, 1);
  any_objective<compare::machine> objective = clipped_ratio{} + value_loss{};
  for (auto _ : state) learn.learn(cpu, objective, policy, batch, 0);
  state.SetItemsProcessed(state.iterations() * batch.R);
}
BENCHMARK(ppo_update)->Arg(2048)->Arg(256)->Arg(64);

void its_products(benchmark::State& state) {
  auto cpu = compare::one_thread();
  int const sizes[2][4] = {{4, 64, 64, 2}, {4, 64, 64, 1}}, R = int(state.range(0));
  compare::machine::array<float> x, y, w;
  cpu.resize(x, R * 64);
  cpu.resize(y, R * 64);
  cpu.resize(w, 64 * 64);
  for (auto _ : state)
    for (auto& s : sizes)
      for (int l = 0; l < 3; ++l) {
        auto in = x.matrix(R, s[l]), out = y.matrix(R, s[l + 1]), weight = w.matrix(s[l], s[l + 1]);
        cpu.matmul(out, in, weight);
        cpu.matmul(weight, in.transposed(), out);
        if (l > 0) cpu.matmul(in, out, weight.transposed());
      }
  state.SetItemsProcessed(state.iterations() * R);
}
BENCHMARK(its_products)->Arg(256)->Arg(64);

void normalized_observations(benchmark::State& state) {
  auto cpu = compare::one_thread();
  classic_control::cart_pole environment;
  auto ppo = algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                       .objective = clipped_ratio{} + value_loss{.weight = .5},
                       .update = update{.epochs = 20, .minibatch_size = 256, .optimizer = adam{.rate = 1e-3}}};
  double seconds[2] = {};
  std::uint64_t seed = 0;
  for (auto _ : state) {
    ++seed;
    for (bool normalizes : {false, true}) {
      network_options how;
      if (normalizes) how.normalize_observations = running_normalization{};
      actor_critic policy{cpu, environment, how, random_seed{seed}};
      std::clock_t const begun = std::clock();  // the processor's time: the machine may do other things
      train(cpu, ppo, environment, policy, {.steps = 10'000, .seed = seed});
      seconds[normalizes] += double(std::clock() - begun);
    }
  }
  state.counters["percent"] = 100 * (seconds[1] / seconds[0] - 1);
}
BENCHMARK(normalized_observations)->Iterations(40);

}  // namespace

BENCHMARK_MAIN();
