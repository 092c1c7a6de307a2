// Continues tokens or texts by a language model:
//
//     cohort generate --model DIR --prompt "Once upon a time" --tokens 50
//     cohort generate --model DIR --ids "1 17 4" --tokens 20 --greedy
//     cohort generate --model DIR --lines < prompts.jsonl      lines {"prompt": "..."} or {"ids": [...]}
//     cohort generate --model DIR --prompt "6 times 7 is" --regex " ?[0-9]+"
//     cohort generate --model DIR --ids "1 17 4" --tokens 20 --temperature 0.8 --top-p 0.9 --samples 4 --seed 7 --json
#include <charconv>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/model/generate.hpp>
#include <cohort/language/tokenizer/expression_mask.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "lines.hpp"
#include "model_options.hpp"
#include "usage.hpp"

namespace {

using namespace cohort;
using program::usage_error;

struct request {
  std::string path;
  language::load_options load;
  std::optional<std::vector<std::int32_t>> ids;
  std::optional<std::string> text;
  std::optional<std::vector<std::int32_t>> stop;  // absent: the files'
  std::optional<std::string> regex;
  generation_options how;
  std::uint64_t seed;
  int threads;
  bool lines, json, stats;
};

/// {"text": "...", "ids": [...], "logp": [...], "stopped": true}, the text where there is a tokenizer; or the text, or
/// the tokens, alone.
template <class T>
std::string line_of(generated<T> const& completion, language::model_text const* text, bool json) {
  std::string ids, logp;
  auto join = [](std::string& list, char const* between, auto number) {
    char buffer[32];
    list.append(list.empty() ? "" : between).append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  };
  for (auto token : completion.tokens) join(ids, json ? ", " : " ", token);
  std::string const said = text ? text->words.decode(completion.tokens) : "";
  if (!json) return (text ? said : ids) + "\n";
  for (auto x : completion.logp) join(logp, ", ", x);
  return (text ? "{\"text\": " + program::json_text(said) + ", " : std::string("{")) + "\"ids\": [" + ids +
         "], \"logp\": [" + logp + "], \"stopped\": " + (completion.stopped ? "true" : "false") + "}\n";
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

void require_fits(std::string const& what, std::vector<std::int32_t> const& prompt, int tokens,
                  decoder_options const& o) {
  for (auto token : prompt)
    if (token < 0 || token >= o.vocabulary)
      throw usage_error(what + ": " + std::to_string(token) + " is no token of the vocabulary's " +
                        std::to_string(o.vocabulary) + ", counted from 0");
  if (prompt.empty()) throw usage_error(what + " is empty, expected one token or more");
  if (std::int64_t(prompt.size()) + tokens > o.context)
    throw usage_error(what + " has " + std::to_string(prompt.size()) + " tokens and --tokens is " +
                      std::to_string(tokens) + ", expected no more than the context's " + std::to_string(o.context) +
                      " together");
}

template <class T>
void generate(request r) {
  eigen::basic_backend<T> cpu({.threads = r.threads});
  auto model = language::load(cpu, r.path, r.load);
  decoder_options const& options = model.options();
  std::unique_ptr<language::model_text> text;
  auto const words = [&]() -> language::tokenizer const& {
    if (!text) text = std::make_unique<language::model_text>(language::read_text(r.path));
    return text->words;
  };

  std::vector<std::vector<std::int32_t>> prompts;
  auto const add = [&](std::string const& what, std::vector<std::int32_t> prompt) {
    require_fits(what, prompt, r.how.max_tokens, options);
    prompts.push_back(std::move(prompt));
  };
  if (r.ids) add("--ids", *r.ids);
  if (r.text) add("--prompt", words().encode(*r.text));
  if (r.lines)
    program::each_line([&](std::string const& line, std::string const& where) {
      file::json const object = file::parse_object(line, where);
      file::json_fields const fields(object, where);
      if (fields.find("prompt")) add(where, words().encode(fields.text("prompt")));
      else add(where, program::ids_of(fields, options.vocabulary));
    });
  require_memory(r, options, sizeof(T));
  r.how.stop = r.stop ? *r.stop : text ? text->stop : language::stop_tokens_of(r.path);
  r.how.at_once = std::max(64, r.how.group);
  if (r.regex) {
    if (!r.stop) words(), r.how.stop = text->stop;
    r.how.allowed = language::matching(*r.regex, words(), r.how.stop);
  }

  program::token_usage usage;
  generator<eigen::basic_backend<T>> completions;
  auto const all = completions(cpu, model, prompts, r.how, stream_id{r.seed});
  for (auto const& p : prompts) usage.add(p.size(), 0);
  for (auto const& completion : all) {
    usage.add(0, completion.tokens.size());
    program::print(line_of(completion, text.get(), r.json));
  }
  if (r.stats) usage.print();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace program;
  typed ids, prompt, samples, stop, regex;
  bool json = false, lines = false, stats = false;
  model_options loading;
  sampling_options sampling;
  CLI::App app{
      "Continues tokens, or a text, by a language model and prints what is new, a line for each sample. A continuation "
      "ends with a stop token, or\n"
      "after --tokens of them. The same seed gives the same tokens.",
      "cohort generate"};
  loading.add_to(app);
  auto* const as_ids = add(app, "--ids", ids, "the prompt: tokens, with spaces between them", "\"N N ...\"")
                           ->expected(1, -1)
                           ->allow_extra_args();
  auto* const as_text = add(app, "--prompt", prompt, "the prompt: a text", "TEXT")->excludes(as_ids);
  app.add_flag("--lines", lines,
               "prompts are lines of stdin, {\"prompt\": \"...\"} or {\"ids\": [...]}; their samples come in order")
      ->excludes(as_ids)
      ->excludes(as_text);
  sampling.add_to(app, "a continuation [64]");
  add(app, "--samples", samples, "continuations, one line each [1]", "N");
  add(app, "--stop", stop, "tokens that end a continuation; \"\" for none [those that the model's files name]",
      "\"N N ...\"");
  add(app, "--regex", regex,
      "a regular expression that a continuation's text matches as a whole, where a stop token ends it before --tokens "
      "do",
      "TEXT");
  app.add_flag(
      "--json", json,
      "print lines {\"text\": \"...\", \"ids\": [...], \"logp\": [...], \"stopped\": true}, with the tokens' natural "
      "log-probabilities\n"
      "of the whole softmax at the temperature (greedily: at 1); a text for a text");
  app.add_flag("--stats", stats, "says on stderr how many tokens that were, in what time and memory");
  return run(app, argc, argv, [&] {
    if (!ids && !prompt && !lines) throw usage_error("--ids, --prompt or --lines is required");
    request r{
        .path = loading.path(),
        .load = {loading.type()},
        .ids = ids ? std::optional(tokens_of("--ids", *ids)) : std::nullopt,
        .text = prompt,
        .stop = stop ? std::optional(tokens_of("--stop", *stop)) : std::nullopt,
        .regex = regex,
        .how = sampling.read(64),
        .seed = sampling.seed(),
        .threads = loading.threads(),
        .lines = lines,
        .json = json,
        .stats = stats,
    };
    r.how.group = whole_number_of("--samples", samples, 1, 1);
    if (regex) try {
        language::regular_expression{*regex};
      } catch (value_error const& e) {
        throw usage_error(std::string("--regex: ") + e.what());
      }
    if (r.ids && r.ids->empty()) throw usage_error("--ids is empty, expected one token or more");
    loading.wide ? generate<double>(r) : generate<float>(r);
  });
}
