// Environment steps a second on one core: dynamics alone, and the vectorized environment with its time limits, resets,
// observations and random actions.
#include <benchmark/benchmark.h>
#include <chrono>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <thread>

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

/// Of the discrete actions one is drawn for each lane and step, of a box's bounds a number between them.
template <class E>
void whole(benchmark::State& state) {
  int N = int(state.range(0));
  constexpr int D = observation_size<E>;
  constexpr bool discrete = detail::discrete_actions<E>;
  eigen::backend cpu({.threads = 1});
  vector_environment<eigen::backend, E> lanes(cpu, E{}, N, 1);
  lanes.reset(cpu);
  using action = std::conditional_t<discrete, std::int32_t, float>;
  host_array<action> actions(N);
  host_array<float> reward(N), seen(N * D), last(N * D);
  host_array<std::uint8_t> terminated(N), truncated(N);
  std::vector<std::uint32_t> words(static_cast<std::size_t>(N));
  for (std::uint32_t n = 0; auto& word : words) word = random_stream(stream_id{1}, n++).word();
  for (auto _ : state) {
    for (int n = 0; n < N; ++n) {
      std::uint32_t word = words[std::size_t(n)] = words[std::size_t(n)] * 1664525 + 1013904223;
      if constexpr (discrete) actions.data()[n] = std::int32_t((word >> 16) * std::uint32_t(E::actions.n) >> 16);
      else
        actions.data()[n] = float(E::actions.low[0]) + float(E::actions.high[0] - E::actions.low[0]) * open_unit(word);
    }
    lanes.step(cpu, view<action const>(actions.matrix(N, 1)), reward.all(), terminated.all(), truncated.all(),
               seen.matrix(N, D));
    lanes.restart(cpu, terminated.all(), truncated.all(), seen.matrix(N, D), last.matrix(N, D));
  }
  state.SetItemsProcessed(state.iterations() * N);
}
BENCHMARK(whole<classic_control::cart_pole>)->Name("CartPole-v1")->Arg(8)->Arg(1024);
BENCHMARK(whole<classic_control::mountain_car>)->Name("MountainCar-v0")->Arg(8)->Arg(1024);
BENCHMARK(whole<classic_control::continuous_mountain_car>)->Name("MountainCarContinuous-v0")->Arg(8)->Arg(1024);
BENCHMARK(whole<classic_control::acrobot>)->Name("Acrobot-v1")->Arg(8)->Arg(1024);
BENCHMARK(whole<classic_control::pendulum>)->Name("Pendulum-v1")->Arg(8)->Arg(1024);

/// Its steps take .2 ms on average, exponentially distributed.
struct uneven : on_host<classic_control::cart_pole> {
  using base = on_host<classic_control::cart_pole>;
  uneven() : base(classic_control::cart_pole{}) {}
  outcome step(state& s, int action, random_stream& draws) const {
    std::this_thread::sleep_for(std::chrono::duration<double>(-2e-4 * std::log(draws.uniform())));
    return base::step(s, action);
  }
};
/// Rollouts of PPO: 8 lanes on as many threads, 64 steps of each.
void uneven_lanes(benchmark::State& state, bool asynchronous) {
  eigen::backend cpu({.threads = 1});
  on_threads const e{uneven{}, 8, asynchronous};
  actor_critic policy{cpu, e, {}, random_seed{1}};
  lanes_collector<eigen::backend, on_threads<uneven>, decltype(policy)> collector(cpu, lanes{8, 64}, e, policy, 1);
  rollout_summary summary;
  for (auto _ : state) collector.collect(cpu, policy, 1 << 30, summary);
  state.SetItemsProcessed(state.iterations() * 8 * 64);
}
BENCHMARK_CAPTURE(uneven_lanes, together, false)->UseRealTime();
BENCHMARK_CAPTURE(uneven_lanes, asynchronous, true)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
