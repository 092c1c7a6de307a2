// The fused objective with its gradient, beside the same formula derived and fused by hand (a fixed yardstick).
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "hand_clipped_k3.hpp"

using namespace cohort;

namespace {

constexpr int M = 16'384;

/// n arrays of M numbers in (-0.5, 0.5).
struct arrays {
  explicit arrays(int n) {
    eigen::backend cpu({.threads = 1});
    for (int k = 0; k < n; ++k) {
      all.emplace_back(M);
      cpu.uniform(all.back().all(), stream{std::uint64_t(k)});
      for (int i = 0; i < M; ++i) all.back().data()[i] -= .5f;
    }
  }
  view<float> operator[](int k) { return all[k].all(); }
  std::vector<host_array<float>> all;
};

void set_time_per_step(benchmark::State& state) {
  state.counters["per_step"] = benchmark::Counter(M, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void clipped_ratio_and_k3(benchmark::State& state) {
  eigen::backend cpu({.threads = 1});
  arrays a(6);
  host_array<float> weight(1);
  weight.data()[0] = 1;
  auto objective = clipped_ratio{} + kl_penalty{};
  for (auto _ : state) {
    differentiate(cpu, objective, {.old_logp = a[0], .logp = a[1], .ref_logp = a[2], .advantage = a[3]}, {broadcast<float const>(weight.all(), M)},
                  {.loss = a[4], .logp = a[5]});
    benchmark::ClobberMemory();
  }
  set_time_per_step(state);
}
BENCHMARK(clipped_ratio_and_k3);

void clipped_ratio_and_k3_by_hand(benchmark::State& state) {
  arrays a(6);
  for (auto _ : state) {
    hand_clipped_k3(a[1].data, a[0].data, a[2].data, a[3].data, a[4].data, a[5].data, M);
    benchmark::ClobberMemory();
  }
  set_time_per_step(state);
}
BENCHMARK(clipped_ratio_and_k3_by_hand);

void four_terms(benchmark::State& state) {
  eigen::backend cpu({.threads = 1});
  arrays a(11);
  host_array<float> weight(1);
  weight.data()[0] = 1;
  auto objective = clipped_ratio{} + kl_penalty{} + value_loss{} + entropy_bonus{};
  for (auto _ : state) {
    differentiate(cpu, objective, {.old_logp = a[0], .logp = a[1], .ref_logp = a[2], .advantage = a[3], .entropy = a[4], .value = a[5], .target = a[6]},
                  {broadcast<float const>(weight.all(), M)}, {a[7], a[8], a[9], a[10]});
    benchmark::ClobberMemory();
  }
  set_time_per_step(state);
}
BENCHMARK(four_terms);

}  // namespace

BENCHMARK_MAIN();
