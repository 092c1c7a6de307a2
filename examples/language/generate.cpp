// Continues tokens by a language model:
//
//     generate --model DIR --ids "1 17 4" --tokens 20 --greedy
//     generate --model DIR --ids "1 17 4" --tokens 20 --temperature 0.8 --top-p 0.9 --samples 4 --seed 7 --json
#include <charconv>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/load.hpp>
#include <cohort/language/model/generate.hpp>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/memory.hpp"
#include "../program/numbers.hpp"

namespace {

using namespace cohort;
using program::usage_error;

struct request {
  std::string folder;
  std::vector<std::int32_t> prompt;
  std::optional<std::vector<std::int32_t>> stop;  // absent: the files'
  generation_options how;
  std::uint64_t seed;
  int threads;
  bool json;
};

template <class T>
std::string line_of(generated<T> const& completion, bool json) {
  std::string ids, logp;
  auto join = [](std::string& text, char const* between, auto number) {
    char buffer[32];
    text.append(text.empty() ? "" : between).append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  };
  for (auto token : completion.tokens) join(ids, json ? ", " : " ", token);
  if (!json) return ids + "\n";
  for (auto x : completion.logp) join(logp, ", ", x);
  return "{\"ids\": [" + ids + "], \"logp\": [" + logp + "], \"stopped\": " + (completion.stopped ? "true" : "false") +
         "}\n";
}

/// Refuses more samples than there are numbers for the places of their tokens, or than there is memory for: the keys
/// and values of each token but the last, and a row of the last layer.
void require_memory(request const& r, decoder_options const& o, double bytes) {
  double const kept = 2. * o.layers * o.keys() * o.size_of_head() * (r.how.max_tokens - 1),
               of_sample = bytes * (kept + o.hidden), memory = program::memory_of_machine();
  double const most = std::floor(std::min(memory / of_sample, 2147483647. / r.how.max_tokens));
  if (r.how.group > most)
    throw usage_error("--samples is '" + std::to_string(r.how.group) + "', expected a whole number from 1 to " +
                      std::to_string(std::int64_t(most)) + " with --tokens " + std::to_string(r.how.max_tokens) + ": " +
                      program::binary_size(of_sample * r.how.group) + " or more, and this machine has " +
                      program::binary_size(memory));
}

template <class T>
void generate(request r) {
  eigen::basic_backend<T> cpu({.threads = r.threads});
  auto model = language::load(cpu, r.folder);
  decoder_options const& options = model.options();
  for (auto token : r.prompt)
    if (token >= options.vocabulary)
      throw usage_error("--ids: " + std::to_string(token) + " is no token of the vocabulary's " +
                        std::to_string(options.vocabulary) + ", counted from 0");
  auto const together = std::int64_t(r.prompt.size()) + r.how.max_tokens;
  if (together > options.context)
    throw usage_error("--ids has " + std::to_string(r.prompt.size()) + " tokens and --tokens is " +
                      std::to_string(r.how.max_tokens) + ", expected no more than the context's " +
                      std::to_string(options.context) + " together");
  require_memory(r, options, sizeof(T));
  r.how.stop = r.stop ? *r.stop : language::stop_tokens_of(r.folder);

  generator<eigen::basic_backend<T>> completions;
  for (auto const& completion : completions(cpu, model, {r.prompt}, r.how, stream_id{r.seed}))
    program::print(line_of(completion, r.json));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace program;
  typed folder, ids, tokens, temperature, top_k, top_p, min_p, typical_p, penalty, seed, samples, stop, threads;
  bool greedy = false, json = false, wide = false;
  CLI::App app{
      "Continues tokens by a language model and prints the new ones, a line for each sample. A continuation ends with "
      "its stop token, which is\n"
      "printed, or after --tokens of them. The same seed gives the same tokens.",
      "generate"};
  add(app, "--model", folder, "a GGUF file, or a folder as Hugging Face has it: config.json, model.safetensors", "PATH")
      ->required();
  add(app, "--ids", ids, "the prompt: tokens, with spaces between them", "\"N N ...\"")
      ->required()
      ->expected(1, -1)
      ->allow_extra_args();
  add(app, "--tokens", tokens, "tokens to generate at most [64]", "N");
  auto* const greedily =
      app.add_flag("--greedy", greedy, "take the most probable token each time, as --temperature 0 does");
  for (auto* option :
       {add(app, "--temperature", temperature, "divides the logits before a token is drawn [1]", "X"),
        add(app, "--top-k", top_k, "draw from the N most probable tokens", "N"),
        add(app, "--top-p", top_p, "of those, from the fewest that have this share of the probability", "P"),
        add(app, "--min-p", min_p, "of those, from the ones at least P times as probable as the most probable one",
            "P"),
        add(app, "--typical-p", typical_p,
            "of those, from the fewest with this share whose -log p is nearest to the entropy", "P"),
        add(app, "--seed", seed, "of the draws [0]", "N")})
    option->excludes(greedily);
  add(app, "--repetition-penalty", penalty,
      "divides the positive logits of tokens that stood before, multiplies the negative ones [1]", "X");
  add(app, "--samples", samples, "continuations, one line each [1]", "N");
  add(app, "--stop", stop,
      "tokens that end a continuation; \"\" for none [eos_token_id of config.json and generation_config.json]",
      "\"N N ...\"");
  app.add_flag(
      "--json", json,
      "print lines {\"ids\": [...], \"logp\": [...], \"stopped\": true}, with the tokens' natural log-probabilities\n"
      "of the whole softmax at the temperature (greedily: at 1)");
  add(app, "--threads", threads, "threads [one for each core]", "N");
  app.add_flag("--double", wide, "compute in double precision, instead of single");
  return run(app, argc, argv, [&] {
    auto share = [](double p) { return p > 0 && p <= 1; };
    auto fits = [](double t) { return t == 0 || (t >= 1e-6 && t < 1e9); };
    auto positive = [](double x) { return x > 0 && x < 1e9; };
    token_sampler const sampler{
        .temperature = greedy ? 0 : number_of("--temperature", temperature, 1., fits, "0 or a number from 1e-6 up"),
        .top_k = whole_number_of("--top-k", top_k, 0, 1),
        .top_p = number_of("--top-p", top_p, 1., share, "a number above 0, up to 1"),
        .min_p = number_of("--min-p", min_p, 0., share, "a number above 0, up to 1"),
        .typical_p = number_of("--typical-p", typical_p, 1., share, "a number above 0, up to 1"),
        .repetition_penalty = number_of("--repetition-penalty", penalty, 1., positive, "a positive number"),
    };
    request const r{
        .folder = *folder,
        .prompt = tokens_of("--ids", *ids),
        .stop = stop ? std::optional(tokens_of("--stop", *stop)) : std::nullopt,
        .how = {.group = whole_number_of("--samples", samples, 1, 1),
                .max_tokens = whole_number_of("--tokens", tokens, 64, 1),
                .sampler = sampler},
        .seed = whole_number_of<std::uint64_t>("--seed", seed, 0, 0),
        .threads = threads_of(threads),
        .json = json,
    };
    if (r.prompt.empty()) throw usage_error("--ids is empty, expected one token or more");
    wide ? generate<double>(r) : generate<float>(r);
  });
}
