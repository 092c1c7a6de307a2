// Every objective with its gradient in one pass, beside the clipped ratio with k3 derived and fused by hand (a fixed
// yardstick).
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
      cpu.uniform(all.back().all(), stream_id{std::uint64_t(k)});
      for (int i = 0; i < M; ++i) all.back().data()[i] -= .5f;
    }
  }
  view<float> operator[](int k) { return all[k].all(); }
  std::vector<host_array<float>> all;
};

void set_time_per_step(benchmark::State& state) {
  state.counters["per_step"] =
      benchmark::Counter(M, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void clipped_ratio_and_k3(benchmark::State& state) {
  eigen::backend cpu({.threads = 1});
  arrays a(6);
  host_array<float> weight(1);
  weight.data()[0] = 1;
  auto objective = clipped_ratio{} + kl_penalty{};
  for (auto _ : state) {
    differentiate(cpu, objective, {.old_logp = a[0], .logp = a[1], .ref_logp = a[2], .advantage = a[3]},
                  {broadcast<float const>(weight.all(), M)}, {.loss = a[4], .logp = a[5]});
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

/// An objective of steps, and of 64 series of 256 steps, one after the other or side by side.
template <class O>
void of(benchmark::State& state, O const& objective, bool lanes = false) {
  eigen::backend cpu({.threads = 1});
  arrays a(16);
  host_array<float> weight(1);
  weight.data()[0] = 1;
  host_array<std::int32_t> series_of(M);
  for (int i = 0; i < M; ++i) series_of.data()[i] = lanes ? i % 64 : i / 256;
  step_views<float> at{.sampler_logp = a[9],
                       .old_logp = a[0],
                       .logp = a[1],
                       .ref_logp = a[2],
                       .advantage = a[3],
                       .entropy = a[4],
                       .value = a[5],
                       .old_value = a[10],
                       .target = a[6],
                       .kl = a[11],
                       .old_kl = a[12]};
  at.series_of = series_of.all(), at.series = M / 256;
  std::array<view<float const>, 1 + detail::aggregations_in<O>> weights;
  for (auto& w : weights) w = broadcast<float const>(weight.all(), M);
  for (auto _ : state) {
    differentiate(cpu, objective, at, weights, {a[7], a[8], a[13], a[14], a[15], a[15]});
    benchmark::ClobberMemory();
  }
  set_time_per_step(state);
}
#define OBJECTIVE(name, ...) BENCHMARK_CAPTURE(of, name, __VA_ARGS__)
OBJECTIVE(policy_gradient, policy_gradient{});
OBJECTIVE(importance_ratio, importance_ratio{});
OBJECTIVE(positive_likelihood, positive_likelihood{});
OBJECTIVE(log_likelihood, log_likelihood{});
OBJECTIVE(clipped_ratio, clipped_ratio{});
OBJECTIVE(dual_clip, dual_clip{});
OBJECTIVE(two_sided_clip, two_sided_clip{});
OBJECTIVE(cispo, cispo{});
OBJECTIVE(sapo, sapo{});
OBJECTIVE(dro, dro{});
OBJECTIVE(log_ratio_distance, log_ratio_distance{});
OBJECTIVE(dppo_tv, dppo_tv{});
OBJECTIVE(dppo_kl, dppo_kl{});
OBJECTIVE(prime_rl_loss, prime_rl_loss{});
OBJECTIVE(kl_penalty_k1, kl_penalty{.estimator = k1{}});
OBJECTIVE(kl_penalty_k2, kl_penalty{.estimator = k2{}});
OBJECTIVE(kl_penalty_k3, kl_penalty{.estimator = k3{}});
OBJECTIVE(exact_kl_penalty, exact_kl_penalty{});
OBJECTIVE(value_loss, value_loss{});
OBJECTIVE(clipped_value_loss, clipped_value_loss{});
OBJECTIVE(value_loss_huber, value_loss{.distance = huber_error{}});
OBJECTIVE(entropy_bonus, entropy_bonus{});
OBJECTIVE(gspo, gspo{});
OBJECTIVE(gspo_in_lanes, gspo{}, true);
OBJECTIVE(gspo_and_series_kl_penalty, gspo{} + series_kl_penalty{});
OBJECTIVE(gspo_step, gspo_step{});
OBJECTIVE(gmpo, gmpo{});
OBJECTIVE(vespo, vespo{});
OBJECTIVE(tic_grpo, tic_grpo{});
OBJECTIVE(four_terms, clipped_ratio{} + kl_penalty{} + value_loss{} + entropy_bonus{});

}  // namespace

BENCHMARK_MAIN();
