// Cohort's side of generation.py: tokens that a model generates a second.
//
//     cohort_generation MODEL TYPE BATCH TOKENS REPEATS     f32, f16, bf16, bf16-rounded (inputs too) or q8_0
//
// One prompt, BATCH completions of TOKENS tokens each, greedily where BATCH is 1, and otherwise drawn at temperature 1;
// no token ends one. A call that is not counted goes before. A line of JSON with the seconds of each.
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/load.hpp>
#include <cohort/language/model/generate.hpp>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace cohort;

double seconds_of(auto&& call) {
  auto const start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::optional<language::load_options> loading(std::string const& type) {
  using enum stored_type;
  if (type == "bf16-rounded") return language::load_options{bf16, true};
  for (auto [name, of] : {std::pair("f32", f32), {"f16", f16}, {"bf16", bf16}, {"q8_0", q8_0}})
    if (type == name) return language::load_options{of};
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  auto const how = count == 6 ? loading(arguments[2]) : std::nullopt;
  int const batch = how ? std::atoi(arguments[3]) : 0, tokens = how ? std::atoi(arguments[4]) : 0,
            repeats = how ? std::atoi(arguments[5]) : 0;
  if (batch < 1 || tokens < 1 || repeats < 1) {
    std::fprintf(stderr, "usage: cohort_generation MODEL f32|f16|bf16|bf16-rounded|q8_0 BATCH TOKENS REPEATS\n");
    return 2;
  }
  eigen::backend cpu({.threads = 2});
  auto model = language::load(cpu, arguments[1], *how);
  generator<eigen::backend> generate;
  std::vector<std::int32_t> const prompt{1, 403, 198, 504, 357, 282, 464, 314};
  generation_options const o{.group = batch,
                             .max_tokens = tokens,
                             .sampler = {.temperature = batch == 1 ? 0. : 1.},
                             .cache = stored_type::f16};
  auto const once = [&] { generate(cpu, model, {prompt}, o, stream_id{1}); };
  once();
  std::printf("{\"tokens\": %d, \"seconds\": [", batch * tokens);
  for (int i = 0; i < repeats; ++i) std::printf("%s%.5f", i ? ", " : "", seconds_of(once));
  std::printf("]}\n");
  return 0;
}
