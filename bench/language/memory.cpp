// Seconds and memory of a GRPO step on a real model, 8 completions of 48 tokens with a KL to the reference: all
// parameters trained, or adapters beside numbers or beside the weights as they lie in a file.
//
//     bench_language_memory SmolLM2-135M-Instruct.Q4_1.gguf full|lora|qlora [recompute] [8bit]
#include <sys/resource.h>
#include <algorithm>
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>
#include <cohort/language/files/load.hpp>
#include <cstdio>
#include <cstring>

namespace {

using namespace cohort;

/// Fifty tokens of the vocabulary, another text each time; no token ends a completion.
struct any_text {
  using row = std::uint32_t;
  row draw(random_stream& draws) const { return draws.integer(1000); }
  std::vector<std::int32_t> prompt(row r) const {
    std::vector<std::int32_t> all(50);
    random_stream draws(stream_id{r, draw_purpose::user});
    for (auto& x : all) x = std::int32_t(100 + draws.integer(40'000));
    return all;
  }
  std::int32_t stop() const { return 49'151; }
  double score(row, std::span<std::int32_t const> tokens, bool) const { return double(tokens[0] % 7); }
};

double peak_mib() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  return double(now.ru_maxrss) / 1024;
}

double cpu_seconds() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  auto const seconds = [](timeval t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(now.ru_utime) + seconds(now.ru_stime);
}

template <class Policy, class Optimizer>
void measure(eigen::backend& cpu, Policy& policy, Optimizer const& optimizer) {
  auto const grpo = algorithm{.rollout = completions{.prompts = 1, .group = 8, .max_tokens = 48},
                              .advantage = group_relative{},
                              .objective = clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04},
                              .update = update{.epochs = 1,
                                               .minibatches = 1,
                                               .normalize = normalization::none,
                                               .optimizer = optimizer,
                                               .max_gradient_norm = 1}};
  any_text const task;
  training run{cpu, grpo, task, policy, {.updates = 6, .seed = 1}};
  double best = 1e9, least = 1e9;
  for (;;) {
    auto const started = std::chrono::steady_clock::now();
    double const before = cpu_seconds();
    if (!run.step()) break;
    double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    auto const& r = run.report();
    std::printf("update %lld: %.2f s (collect %.2f, reference and advantage %.2f, learn %.2f), peak %.0f MiB\n",
                static_cast<long long>(r.updates), seconds, r.collect_seconds, r.estimate_seconds, r.learn_seconds,
                peak_mib());
    best = std::min(best, seconds), least = std::min(least, cpu_seconds() - before);
  }
  std::printf(
      "best %.2f s, %.2f s of processors, peak %.0f MiB; parameters with reference %.0f, optimizer %.0f, activations "
      "%.0f "
      "MiB\n",
      best, least, peak_mib(), double(run.report().parameter_bytes) / 0x1p20,
      double(run.report().optimizer_bytes) / 0x1p20, double(policy.activation_bytes()) / 0x1p20);
}

}  // namespace

int main(int argc, char** argv) {
  auto const said = [&](char const* word) {
    return std::any_of(argv, argv + argc, [&](char const* given) { return std::strcmp(given, word) == 0; });
  };
  if (argc < 3 || !(said("full") || said("lora") || said("qlora"))) {
    std::fprintf(stderr, "usage: bench_language_memory MODEL.gguf full|lora|qlora [recompute] [8bit]\n");
    return 2;
  }
  eigen::backend cpu({.threads = 2});
  auto const run = [&](auto& policy) {
    if (said("8bit")) measure(cpu, policy, adam_8bit{.rate = 1e-6});
    else measure(cpu, policy, adam{.rate = 1e-6});
  };
  language_options const settings{.initial_std = 0, .recompute = said("recompute")};
  if (said("full")) {
    language::gguf_model const file(argv[1]);
    language_model policy(cpu, file.options(), random_seed{}, settings);
    file.read_parameters<float>({policy.parameters().data, std::size_t(policy.parameters().rows)});
    run(policy);
  } else {
    language::load_options how;
    if (said("lora")) how.type = stored_type::f32;
    lora_model policy(cpu, language::load(cpu, argv[1], how), {.rank = 16}, random_seed{1}, settings);
    run(policy);
  }
  return 0;
}
