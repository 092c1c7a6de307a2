// The advantage estimators of docs/components.md over T x N steps: T x N lanes with a critic, or N packed series of T
// steps in groups of 8, or lanes of T steps with 8 probes at each. Beside each shape a copy of three arrays of its
// size, about what an estimator reads and writes.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstring>

using namespace cohort;

namespace {

void count_steps(benchmark::State& state) {
  double steps = double(state.range(0) * state.range(1));
  state.counters["per_step"] =
      benchmark::Counter(steps, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

struct steps_of_batch {
  std::ptrdiff_t T, N, M = T * N;
  eigen::backend cpu{{.threads = 1}};
  host_array<float> reward{M}, value{M}, next_value{M}, logp{M}, advantage{M}, target{M}, greedy{N}, scores{2 * N};
  host_array<std::uint8_t> terminated{M}, truncated{M};
  host_array<std::int32_t> offsets{N + 1}, group_offsets{N / 8 + 1}, states{M}, executed{M / 8};

  steps_of_batch(benchmark::State& state) : T(state.range(0)), N(state.range(1)) {
    cpu.uniform(value.all(), stream_id{1});
    cpu.uniform(next_value.all(), stream_id{2});
    cpu.uniform(logp.all(), stream_id{3});
    for (std::ptrdiff_t i = 0; i < M; ++i)
      reward.data()[i] = float(i % 7), terminated.data()[i] = i % 97 == 0, truncated.data()[i] = i % 501 == 0;
    for (std::ptrdiff_t i = 0; i < M; ++i) states.data()[i] = std::int32_t(i * 7 % 1009);
    for (std::ptrdiff_t r = 0; r < M / 8; ++r) executed.data()[r] = std::int32_t(8 * r + r % 8);
    cpu.uniform(greedy.all(), stream_id{4});
    cpu.uniform(scores.all(), stream_id{5});
    for (std::ptrdiff_t n = 0; n <= N; ++n) offsets.data()[n] = std::int32_t(n * T);
    for (std::ptrdiff_t g = 0; g <= N / 8; ++g) group_offsets.data()[g] = std::int32_t(g * 8);
  }
  batch_view<float> lanes() {
    batch_view<float> b;
    b.series = partition::lanes(T, N);
    b.reward = reward.all(), b.value = value.all(), b.next_value = next_value.all(), b.sampler_logp = logp.all(),
    b.old_logp = b.ref_logp = value.all();
    b.terminated = terminated.all(), b.truncated = truncated.all();
    return b;
  }
  batch_view<float> groups() {
    auto b = lanes();
    b.series = partition::segments(std::as_const(offsets).all(), M, T);
    b.groups = partition::segments(std::as_const(group_offsets).all(), N, 8);
    b.greedy_score = greedy.all(), b.scores = scores.matrix(N, 2), b.anchor = states.all(), b.anchors = 1009,
    b.sum_of_squares = next_value.all();
    return b;
  }
  batch_view<float> probes() {
    auto b = lanes();
    b.series = partition::lanes(T, N / 8);
    b.group = 8;
    b.reward = reward.matrix(1, M), b.terminated = terminated.matrix(1, M), b.truncated = truncated.matrix(1, M);
    b.value = b.value.part(0, M / 8), b.next_value = b.next_value.part(0, M / 8), b.probe_value = next_value.all(),
    b.executed = executed.all();
    return b;
  }
};

template <class Estimator>
void time_on(benchmark::State& state, batch_view<float> (steps_of_batch::*which)(), Estimator estimator) {
  steps_of_batch b(state);
  auto batch = (b.*which)();
  for (auto _ : state) {
    estimator(b.cpu, batch, estimates<float>{b.advantage.all(), b.target.all()});
    benchmark::ClobberMemory();
  }
  count_steps(state);
}
template <class Estimator>
void of_lanes(benchmark::State& state, Estimator estimator) {
  time_on(state, &steps_of_batch::lanes, estimator);
}
template <class Estimator>
void of_groups(benchmark::State& state, Estimator estimator) {
  time_on(state, &steps_of_batch::groups, estimator);
}
template <class Estimator>
void of_probes(benchmark::State& state, Estimator estimator) {
  time_on(state, &steps_of_batch::probes, estimator);
}
void standardizing(benchmark::State& state) {
  steps_of_batch b(state);
  for (auto _ : state) {
    standardize{}(b.cpu, b.reward.all());
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

#define LANES(name, ...) BENCHMARK_CAPTURE(of_lanes, name, __VA_ARGS__)->Apply(shapes)
#define GROUPS(name, ...) BENCHMARK_CAPTURE(of_groups, name, __VA_ARGS__)->Apply(shapes)

BENCHMARK(copy)->Apply(shapes);
LANES(gae, gae{})->Args({512, 1024})->Args({2048, 1024});
LANES(monte_carlo, monte_carlo{.bootstrap = false});
LANES(n_step, n_step{.n = 5});
LANES(v_trace, v_trace{});
LANES(kl_in_reward, kl_in_reward<>{});
LANES(whitened, whitened<>{});
LANES(clipped_advantage, clipped_advantage<>{});
BENCHMARK_CAPTURE(of_probes, hybrid_grpo, hybrid_grpo{})->Apply(shapes);
GROUPS(group_and_value, group_and_value{});
GROUPS(group_relative, group_relative{});
GROUPS(rloo, group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none});
GROUPS(return_to_go, group_relative{.by = credit::return_to_go});
GROUPS(process, group_relative{.by = credit::process});
GROUPS(step, group_relative{.by = credit::step});
GROUPS(opo, opo{});
GROUPS(gpg, gpg{});
GROUPS(max_rl, max_rl{});
GROUPS(best_of_group, best_of_group{});
GROUPS(pass_at_k, pass_at_k{});
GROUPS(optimal_token_baseline, optimal_token_baseline{});
GROUPS(gigpo, gigpo{});
GROUPS(weighted_rewards, weighted_rewards{});
GROUPS(gdpo, gdpo{});
GROUPS(remax, remax{});
BENCHMARK(standardizing)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
