// One action of a trained 64-64 policy in plain numbers, and the network's multiplications and activations alone as
// plain loops.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <vector>

using namespace cohort;

namespace {

struct trained {
  eigen::backend cpu{{.threads = 1}};
  classic_control::cart_pole environment;
  actor<eigen::backend, categorical> policy{cpu, environment, {}, random_seed{1}};
  controller<eigen::backend, classic_control::cart_pole, actor<eigen::backend, categorical>> control{cpu, environment,
                                                                                                     policy};
  std::array<float, 4> seen{.1f, .2f, .03f, -.1f};
};

void best(benchmark::State& state) {
  trained t;
  for (auto _ : state) benchmark::DoNotOptimize(t.control.best(t.seen));
}
void act(benchmark::State& state) {
  trained t;
  for (auto _ : state) benchmark::DoNotOptimize(t.control.act(t.seen));
}
void plain_loops(benchmark::State& state) {
  trained t;
  auto p = t.policy.parameters();
  std::vector<float> weights(p.data, p.data + p.rows), x(64), y(64);
  auto layer = [&](float const* in, int I, int O, std::size_t at, float* out) {
    for (int o = 0; o < O; ++o) out[o] = weights[at + std::size_t(I * O + o)];
    for (int i = 0; i < I; ++i)
      for (int o = 0; o < O; ++o) out[o] += in[i] * weights[at + std::size_t(i * O + o)];
  };
  for (auto _ : state) {
    layer(t.seen.data(), 4, 64, 0, x.data());
    for (float& v : x) v = std::tanh(v);
    layer(x.data(), 64, 64, 320, y.data());
    for (float& v : y) v = std::tanh(v);
    layer(y.data(), 64, 2, 320 + 4160, x.data());
    benchmark::DoNotOptimize(x[1] > x[0]);
  }
}
BENCHMARK(best);
BENCHMARK(act);
BENCHMARK(plain_loops);

}  // namespace
