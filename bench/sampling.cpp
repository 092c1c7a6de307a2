// One draw of a token from 49,152 logits on one core, beside a sum over them: peaked logits (8 standard normals, as a
// trained model's) and flat ones (1).
#include <benchmark/benchmark.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/sampler/token_sampler.hpp>
#include <cohort/language/sampler/token_support.hpp>

using namespace cohort;

namespace {

constexpr int V = 49'152;

struct one_row {
  eigen::backend cpu{{.threads = 1}};
  host_array<float> source{V}, logits{V}, numbers{2};
  host_array<std::int32_t> lane{1}, token{1}, kept{token_support::words_of(V)};

  explicit one_row(double scale) {
    random_stream draws(stream_id{1, draw_purpose::user});
    for (int v = 0; v < V; ++v) source.data()[v] = float(scale * draws.normal());
    lane.data()[0] = 0;
    copy();
  }
  void copy() { std::copy_n(source.data(), V, logits.data()); }
  void draw(token_sampler const& sampler, std::uint32_t t, bool whole, bool keep) {
    draw_tokens(cpu, sampler, stream_id{}, t, logits.matrix(1, V), view<std::int32_t const>(lane.all()), token.all(),
                whole ? numbers.all().part(0, 1) : view<float>{}, numbers.all().part(1, 1), {},
                keep ? kept.matrix(1, token_support::words_of(V)) : view<std::int32_t>{});
  }
};

void read(benchmark::State& state) {
  one_row row(8);
  for (auto _ : state) {
    row.cpu.row_sums(row.numbers.all().part(0, 1), detail::same{}, view<float const>(row.logits.matrix(1, V)));
    benchmark::ClobberMemory();
  }
}
/// What each draw below does besides, since it may overwrite its logits.
void copy(benchmark::State& state) {
  one_row row(8);
  for (auto _ : state) {
    row.copy();
    benchmark::ClobberMemory();
  }
}
void draw(benchmark::State& state, double scale, token_sampler sampler, bool whole = false, bool keep = false) {
  one_row row(scale);
  std::uint32_t t = 0;
  for (auto _ : state) {
    row.copy();
    row.draw(sampler, t++, whole, keep);
    benchmark::ClobberMemory();
  }
}

BENCHMARK(read);
BENCHMARK(copy);
#define DRAW(name, ...)                                    \
  BENCHMARK_CAPTURE(draw, peaked / name, 8., __VA_ARGS__); \
  BENCHMARK_CAPTURE(draw, flat / name, 1., __VA_ARGS__)
DRAW(plain, token_sampler{});
DRAW(greedy, {.temperature = 0});
DRAW(top_k_50, {.top_k = 50});
DRAW(top_p_0.9, {.top_p = .9});
DRAW(top_p_0.9 / with_logp_of_all, {.top_p = .9}, true);
DRAW(top_p_0.9 / with_kept_set, {.top_p = .9}, false, true);
DRAW(min_p_0.05, {.min_p = .05});
DRAW(typical_p_0.9, {.typical_p = .9});

}  // namespace

BENCHMARK_MAIN();
