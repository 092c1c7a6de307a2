// Advantage estimators over 128 x 1024 steps.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstring>

using namespace cohort;

namespace {

void gae_time_major(benchmark::State& state) {
  std::ptrdiff_t T = state.range(0), N = state.range(1), M = T * N;
  eigen::backend cpu({.threads = 1});
  host_array<float> reward(M), value(M), next_value(M), advantage(M), target(M);
  host_array<std::uint8_t> terminated(M), truncated(M);
  cpu.uniform(value.all(), stream{1});
  cpu.uniform(next_value.all(), stream{2});
  for (std::ptrdiff_t i = 0; i < M; ++i) reward.data()[i] = 1, terminated.data()[i] = i % 97 == 0, truncated.data()[i] = i % 501 == 0;
  batch_view<float> batch;
  batch.decisions = series::lanes(T, N);
  batch.reward = reward.all();
  batch.value = value.all();
  batch.next_value = next_value.all();
  batch.terminated = terminated.all();
  batch.truncated = truncated.all();
  for (auto _ : state) {
    gae{}(cpu, batch, {advantage.all(), target.all()});
    benchmark::ClobberMemory();
  }
  state.counters["per_step"] = benchmark::Counter(double(M), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(gae_time_major)->Args({128, 8})->Args({128, 1024})->Args({2048, 64});

/// What moving the same arrays costs: the bound for the above.
void copy_of_its_arrays(benchmark::State& state) {
  std::ptrdiff_t M = state.range(0) * state.range(1);
  host_array<float> from(3 * M), to(3 * M);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), std::size_t(3 * M) * sizeof(float));
    benchmark::ClobberMemory();
  }
  state.counters["per_step"] = benchmark::Counter(double(M), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(copy_of_its_arrays)->Args({128, 1024});

}  // namespace

BENCHMARK_MAIN();
