// Products with weights as they lie in a file. One row of inputs: GB/s of weights, which are read from
// memory (256 MiB of matrices, one after another), beside a plain sum over the same bytes, in turns. Many rows:
// GFLOP/s, beside the float product with a prepared factor. Speeds are the best, %, of the other's, is the median.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <vector>

using namespace cohort;

namespace {

constexpr std::size_t all_bytes = std::size_t(256) << 20;

/// Bytes which at any place make a scale or a number between 2^-32 and 1: subnormal ones would be slow.
std::vector<unsigned char> const& memory() {
  static auto const bytes = [] {
    std::vector<unsigned char> b(all_bytes + 4096);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<unsigned char>((i * 2654435761u >> 13 & 0x0b) | 0x30);
    return b;
  }();
  return bytes;
}

double seconds(auto f) {
  auto const start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double>& x) {
  std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(x.size() / 2), x.end());
  return x[x.size() / 2];
}

void sum(eigen::executor const& run_over, std::size_t bytes) {
  using numbers = eigen::pack<float>;
  constexpr std::ptrdiff_t piece = 1 << 16;
  run_over(std::ptrdiff_t(bytes) / piece, 1, [](std::ptrdiff_t first, std::ptrdiff_t last) {
    numbers chains[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    auto const* p = reinterpret_cast<float const*>(memory().data());
    for (std::ptrdiff_t i = first * piece / 4; i < last * piece / 4; i += 8 * numbers::width)
      for (int c = 0; c < 8; ++c) chains[c] += numbers::load(p + i + c * numbers::width);
    benchmark::DoNotOptimize(chains);
  });
}

void one_row(benchmark::State& state, int threads, stored_type type, std::ptrdiff_t N, std::ptrdiff_t K) {
  eigen::backend cpu{{.threads = threads}};
  auto const run_over = eigen::on_own_threads(threads);
  auto const bytes = stored_matrix::bytes_of(type, K) * N;
  auto const matrices = std::ptrdiff_t(all_bytes) / bytes;
  std::vector<float> x(std::size_t(K), 1e-3f), y(static_cast<std::size_t>(N));
  double of_products = 1e9, of_sum = 1e9;
  std::vector<double> ratios;
  for (auto _ : state) {
    double const plain = seconds([&] { sum(run_over, all_bytes); });
    of_sum = std::min(of_sum, plain);
    double const now = seconds([&] {
      for (std::ptrdiff_t m = 0; m < matrices; ++m)
        cpu.matmul_prepared(view<float>(y.data(), 1, N), view<float const>(x.data(), 1, K),
                            stored_matrix(type, memory().data() + m * bytes, N, K));
    });
    benchmark::DoNotOptimize(y.data());
    of_products = std::min(of_products, now);
    ratios.push_back(plain / double(all_bytes) / now * double(bytes * matrices));
    state.SetIterationTime(now);
  }
  state.counters["GB/s"] = double(bytes * matrices) / of_products / 1e9;
  state.counters["sum"] = double(all_bytes) / of_sum / 1e9;
  state.counters["%"] = 100 * median(ratios);
}

void rows(benchmark::State& state, stored_type type, std::ptrdiff_t R, std::ptrdiff_t N, std::ptrdiff_t K) {
  eigen::backend cpu{{.threads = 2}};
  std::vector<float> x(std::size_t(R * K), 1e-3f), y(std::size_t(R * N)), w(std::size_t(N * K), 1e-3f);
  host_array<float> room;
  auto const factor = cpu.prepare(room, view<float const>(w.data(), N, K).transposed());
  view<float> const out(y.data(), R, N);
  view<float const> const in(x.data(), R, K);
  stored_matrix const weights(type, memory().data(), N, K);
  double of_stored = 1e9, of_prepared = 1e9;
  std::vector<double> ratios;
  for (auto _ : state) {
    double const prepared = seconds([&] { cpu.matmul_prepared(out, in, factor); });
    of_prepared = std::min(of_prepared, prepared);
    double const now = seconds([&] { cpu.matmul_prepared(out, in, weights); });
    benchmark::DoNotOptimize(y.data());
    of_stored = std::min(of_stored, now);
    ratios.push_back(prepared / now);
    state.SetIterationTime(now);
  }
  double const operations = 2 * double(R) * double(N) * double(K);
  state.counters["GFLOP/s"] = operations / of_stored / 1e9;
  state.counters["prepared"] = operations / of_prepared / 1e9;
  state.counters["%"] = 100 * median(ratios);
}

struct extents {
  std::ptrdiff_t N, K;
};

bool const registered = [] {
  using enum stored_type;
  for (auto type : {f32, bf16, f16, q8_0, q4_0, q4_1, q4_k, q6_k})
    for (auto [N, K] : {extents{576, 576}, {1536, 576}, {576, 1536}, {49152, 576}, {4096, 4096}}) {
      if (K % std::ptrdiff_t(facts_of(type).elements) != 0) continue;
      auto const name = std::string(facts_of(type).name) + "/" + std::to_string(N) + "x" + std::to_string(K);
      for (int threads : {1, 2})
        benchmark::RegisterBenchmark(("one_row/threads:" + std::to_string(threads) + "/" + name).c_str(), one_row,
                                     threads, type, N, K)
            ->UseManualTime()
            ->Iterations(25);
      for (std::ptrdiff_t R : {4, 8, 64, 512})
        if (R * N < 1 << 24)
          benchmark::RegisterBenchmark(("rows:" + std::to_string(R) + "/" + name).c_str(), rows, type, R, N, K)
              ->UseManualTime()
              ->Iterations(R < 64 ? 50 : 7);
    }
  return true;
}();

}  // namespace
