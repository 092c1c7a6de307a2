// What logs and checkpoints cost of a CartPole run: the time in hooks over the time in steps, in turn within one run,
// by the wall's clock (wall_percent) and by the processor's (percent), which holds on a machine that does other things
// too. In a folder under the working directory, which is removed.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <cohort/hook/tensorboard_log.hpp>
#include <ctime>
#include <limits>

using namespace cohort;

namespace {

constexpr int updates = 300;

struct stopwatch {
  double wall = 0, processor = 0;

  auto operator()(auto f) {
    double const at = detail::seconds_now(), done = double(std::clock()) / CLOCKS_PER_SEC;
    auto const answer = f();
    wall += detail::seconds_now() - at, processor += double(std::clock()) / CLOCKS_PER_SEC - done;
    return answer;
  }
};

template <class... Hooks>
void run_with(int epochs, int minibatch, stopwatch& stepping, stopwatch& looking, Hooks&&... hooks) {
  eigen::backend cpu{{.threads = 1}};
  classic_control::cart_pole environment;
  actor_critic policy{cpu, environment, {}, random_seed{1}};
  auto ppo = algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                       .objective = clipped_ratio{} + value_loss{.weight = .5},
                       .update = update{.epochs = epochs, .minibatch_size = minibatch}};
  training run{cpu, ppo, environment, policy, {.steps = 1'000'000, .updates = updates, .seed = 1}};
  auto begun = [&](auto& hook) {
    if constexpr (requires { hook.save(cpu, run); }) hook.save(cpu, run);  // the first one is flushed
  };
  (begun(hooks), ...);
  while (stepping([&] { return run.step(); }))
    looking([&] { return (detail::after_update(hooks, run) || ... || false); });
}

void hooks(benchmark::State& state) {
  int const epochs = int(state.range(0)), minibatch = int(state.range(1)), which = int(state.range(2));
  std::filesystem::path const folder = "bench_hooks_run";
  stopwatch stepping, looking;
  for (auto _ : state) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    csv_log rows{(folder / "run.csv").string()};
    json_lines lines{(folder / "run.jsonl").string()};
    tensorboard_log events{folder / "events"};
    checkpoints kept{folder / "checkpoints", {.every = 10, .flush_every = std::numeric_limits<double>::max()}};
    if (which == 0) run_with(epochs, minibatch, stepping, looking, rows, lines, events, kept);
    else if (which == 1) run_with(epochs, minibatch, stepping, looking, rows, lines, events);
    else run_with(epochs, minibatch, stepping, looking, kept);
  }
  std::filesystem::remove_all(folder);
  double const all = double(state.iterations()) * updates;
  state.counters["percent"] = 100 * looking.processor / stepping.processor;
  state.counters["wall_percent"] = 100 * looking.wall / stepping.wall;
  state.counters["us_hooks"] = 1e6 * looking.processor / all;
  state.counters["us_step"] = 1e6 * stepping.processor / all;
}

}  // namespace

BENCHMARK(hooks)
    ->ArgNames({"epochs", "minibatch", "all_logs_checkpoints"})
    ->ArgsProduct({{20}, {256}, {0, 1, 2}})
    ->Args({10, 64, 0})
    ->Args({6, 64, 0})
    ->Unit(benchmark::kMillisecond);
