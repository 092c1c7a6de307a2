// Advantage estimators over T x N steps: T x N lanes with a critic, or N packed series of T steps in groups of 8. Beside each shape a copy of three arrays
// of its size, about what an estimator reads and writes.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstring>

using namespace cohort;

namespace {

void count_steps(benchmark::State& state) {
  double steps = double(state.range(0) * state.range(1));
  state.counters["per_step"] = benchmark::Counter(steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

struct steps_of_batch {
  std::ptrdiff_t T, N, M = T * N;
  eigen::backend cpu{{.threads = 1}};
  host_array<float> reward{M}, value{M}, next_value{M}, logp{M}, advantage{M}, target{M};
  host_array<std::uint8_t> terminated{M}, truncated{M};
  host_array<std::int32_t> offsets{N + 1}, group_offsets{N / 8 + 1};

  steps_of_batch(benchmark::State& state) : T(state.range(0)), N(state.range(1)) {
    cpu.uniform(value.all(), stream{1});
    cpu.uniform(next_value.all(), stream{2});
    cpu.uniform(logp.all(), stream{3});
    for (std::ptrdiff_t i = 0; i < M; ++i) reward.data()[i] = float(i % 7), terminated.data()[i] = i % 97 == 0, truncated.data()[i] = i % 501 == 0;
    for (std::ptrdiff_t n = 0; n <= N; ++n) offsets.data()[n] = std::int32_t(n * T);
    for (std::ptrdiff_t g = 0; g <= N / 8; ++g) group_offsets.data()[g] = std::int32_t(g * 8);
  }
  batch_view<float> lanes() {
    batch_view<float> b;
    b.decisions = series::lanes(T, N);
    b.reward = reward.all(), b.value = value.all(), b.next_value = next_value.all(), b.sampler_logp = logp.all(), b.old_logp = value.all();
    b.terminated = terminated.all(), b.truncated = truncated.all();
    return b;
  }
  batch_view<float> groups() {
    auto b = lanes();
    b.decisions = series::segments(std::as_const(offsets).all(), M, T);
    b.groups = series::segments(std::as_const(group_offsets).all(), N, 8);
    b.value = b.next_value = {};
    return b;
  }
};

template <class Estimator>
void of_lanes(benchmark::State& state, Estimator estimator) {
  steps_of_batch b(state);
  auto batch = b.lanes();
  for (auto _ : state) {
    estimator(b.cpu, batch, estimates<float>{b.advantage.all(), b.target.all()});
    benchmark::ClobberMemory();
  }
  count_steps(state);
}
template <class Estimator>
void of_groups(benchmark::State& state, Estimator estimator) {
  steps_of_batch b(state);
  auto batch = b.groups();
  for (auto _ : state) {
    estimator(b.cpu, batch, estimates<float>{b.advantage.all(), {}});
    benchmark::ClobberMemory();
  }
  count_steps(state);
}

void copy(benchmark::State& state) {
  std::ptrdiff_t M = state.range(0) * state.range(1);
  host_array<float> from(3 * M), to(3 * M);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), std::size_t(3 * M) * sizeof(float));
    benchmark::ClobberMemory();
  }
  count_steps(state);
}

void shapes(benchmark::internal::Benchmark* b) { b->Args({128, 8})->Args({128, 1024})->Args({128, 4096}); }

BENCHMARK(copy)->Apply(shapes);
BENCHMARK_CAPTURE(of_lanes, gae, gae{})->Apply(shapes)->Args({512, 1024})->Args({2048, 1024});
BENCHMARK_CAPTURE(of_lanes, monte_carlo, monte_carlo{.bootstrap = false})->Apply(shapes);
BENCHMARK_CAPTURE(of_lanes, n_step, n_step{.n = 5})->Apply(shapes);
BENCHMARK_CAPTURE(of_lanes, v_trace, v_trace{})->Apply(shapes);
BENCHMARK_CAPTURE(of_groups, group_relative, group_relative{})->Apply(shapes);
BENCHMARK_CAPTURE(of_groups, rloo, group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none})->Apply(shapes);
BENCHMARK_CAPTURE(of_groups, return_to_go, group_relative{.by = credit::return_to_go})->Apply(shapes);
BENCHMARK_CAPTURE(of_groups, opo, opo{})->Apply(shapes);
BENCHMARK_CAPTURE(of_groups, best_of_group, best_of_group{})->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
