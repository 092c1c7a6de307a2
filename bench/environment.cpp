// Environment steps a second on one core: dynamics alone, and the vectorized environment with its time limits, resets,
// observations and checks.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;
using wide = eigen::backend::wide;

namespace {

void cart_pole_dynamics(benchmark::State& state) {
  classic_control::cart_pole environment;
  constexpr int blocks = 128;
  std::vector<classic_control::cart_pole::state<wide>> states(blocks);
  random_stream draws(stream_id{1});
  wide action(0);
  for (int w = 0; w < wide::width; ++w) action.set(w, float(w % 2));
  for (auto _ : state) {
    for (auto& s : states) s = environment.reset<wide>(draws);
    for (int t = 0; t < 1000; ++t)
      for (auto& s : states) benchmark::DoNotOptimize(environment.step(s, action).terminated);
  }
  state.SetItemsProcessed(state.iterations() * 1000 * blocks * wide::width);
}
BENCHMARK(cart_pole_dynamics);

template <class E>
void whole(benchmark::State& state, E const& environment, auto action_of) {
  int N = int(state.range(0));
  constexpr int D = observation_size<E>;
  eigen::backend cpu({.threads = 1});
  vector_environment<eigen::backend, E> lanes(cpu, environment, N, 1);
  lanes.reset(cpu);
  using action = decltype(action_of(0));
  host_array<action> actions(N);
  host_array<float> reward(N), seen(N * D), last(N * D);
  host_array<std::uint8_t> terminated(N), truncated(N);
  std::uint32_t word = 1;
  for (auto _ : state) {
    for (int n = 0; n < N; ++n) actions.data()[n] = action_of((word = word * 1664525 + 1013904223) >> 31);
    lanes.step(cpu, view<action const>(actions.matrix(N, 1)), reward.all(), terminated.all(), truncated.all(),
               seen.matrix(N, D));
    lanes.restart(cpu, terminated.all(), truncated.all(), seen.matrix(N, D), last.matrix(N, D));
  }
  state.SetItemsProcessed(state.iterations() * N);
}

void cart_pole(benchmark::State& state) {
  whole(state, classic_control::cart_pole{}, [](std::uint32_t bit) { return std::int32_t(bit); });
}
BENCHMARK(cart_pole)->Arg(8)->Arg(1024);

void pendulum(benchmark::State& state) {
  whole(state, classic_control::pendulum{}, [](std::uint32_t bit) { return float(bit); });
}
BENCHMARK(pendulum)->Arg(8)->Arg(1024);

}  // namespace

BENCHMARK_MAIN();
