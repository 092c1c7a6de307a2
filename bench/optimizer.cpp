// Steps of the optimizers over flat arrays of float, on one thread and on all, and beside them `in_place`: a plain loop
// that reads what Adam reads (parameter, two moments, gradient) and writes what it writes (the first three).
// per_parameter is the time for one.
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <thread>

using namespace cohort;

namespace {

struct arrays_of_step {
  std::ptrdiff_t n;
  int threads;
  eigen::backend cpu{{.threads = threads}};
  host_array<float> p{n}, m{n}, v{n}, g{n}, scale{1};

  explicit arrays_of_step(benchmark::State& state) : n(state.range(0)), threads(int(state.range(1))) {
    cpu.uniform(p.all(), stream_id{1});
    cpu.uniform(g.all(), stream_id{2});
    cpu.map(outputs{m.all()}, detail::filled{.1}, view<float const>(m.all()));
    cpu.map(outputs{v.all()}, detail::filled{.1}, view<float const>(v.all()));
    scale.data()[0] = .5f;
  }
};

void per_parameter(benchmark::State& state) {
  state.counters["per_parameter"] = benchmark::Counter(
      double(state.range(0)), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void in_place(benchmark::State& state) {
  arrays_of_step a(state);
  for (auto _ : state) {
    float *p = a.p.data(), *m = a.m.data(), *v = a.v.data();
    float const* g = a.g.data();
#pragma omp parallel for simd num_threads(a.threads) schedule(static)
    for (std::ptrdiff_t i = 0; i < a.n; ++i) {
      m[i] = .9f * m[i] + g[i];
      v[i] = .9f * v[i] + g[i];
      p[i] = p[i] - 1e-6f * m[i];
    }
    benchmark::ClobberMemory();
  }
  per_parameter(state);
}

template <class Optimizer>
void steps_of(benchmark::State& state, Optimizer optimizer) {
  arrays_of_step a(state);
  constexpr std::ptrdiff_t side = 256;
  std::vector<parameter_matrix> matrices;
  for (std::ptrdiff_t first = 0; first + side * side <= a.n; first += side * side)
    matrices.push_back({first, side, side});
  auto s = detail::start_optimizer(a.cpu, optimizer, parameter_layout(a.n, std::move(matrices)));
  for (auto _ : state) {
    optimizer.update(a.cpu, s, .5, a.p.all(), view<float const>(a.g.all()), view<float const>(a.scale.all()));
    benchmark::ClobberMemory();
  }
  per_parameter(state);
}

int all_of_them = [] {
  int cores = int(std::thread::hardware_concurrency());
  auto add = [&](char const* name, auto f) {
    auto* b = benchmark::RegisterBenchmark(name, f)->UseRealTime()->ArgNames({"n", "threads"});
    for (std::int64_t n : {10'000'000, 100'000})
      for (int threads : {1, cores}) b->Args({n, threads});
  };
  auto optimizer = [&](char const* name, auto o) { add(name, [o](benchmark::State& s) { steps_of(s, o); }); };
  add("in_place", in_place);
  optimizer("adam", adam{.rate = 1e-6});
  optimizer("adamw", adamw{.rate = 1e-6});
  optimizer("adamw_all", adamw{.rate = 1e-6, .decays = decayed::all});
  optimizer("sgd", sgd{.rate = 1e-6});
  optimizer("sgd_momentum", sgd{.rate = 1e-6, .momentum = .9});
  optimizer("rmsprop", rmsprop{.rate = 1e-6});
  optimizer("rmsprop_centered", rmsprop{.rate = 1e-6, .centered = true});
  optimizer("adam_8bit", adam_8bit{.rate = 1e-6});
  optimizer("lion", lion{.rate = 1e-6});
  optimizer("muon", muon{.rate = 1e-6});
  return 0;
}();

}  // namespace

BENCHMARK_MAIN();
