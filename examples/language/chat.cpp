// Talks with a language model:
//
//     cohort chat --model SmolLM2-135M-Instruct.Q4_1.gguf
//     cohort chat --model DIR --system "You are terse." --temperature 0.7 --top-p 0.9
//     echo '{"content": "What is the capital of France?"}' | cohort chat --model DIR --json
#include <unistd.h>

#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/model/generate.hpp>
#include <iostream>

#include "../program/command_line.hpp"
#include "../program/numbers.hpp"
#include "lines.hpp"
#include "model_options.hpp"
#include "usage.hpp"

namespace {

using namespace cohort;
using program::usage_error;

struct request {
  std::string model, system;
  std::optional<language::chat_family> format{};
  generation_options how;
  language::load_options load;
  std::uint64_t seed;
  int threads, context;
  bool json;
};

/// One conversation. An answer is written as it comes; SIGINT ends it, and at the prompt the program.
template <class T>
class conversation {
  using backend = eigen::basic_backend<T>;

 public:
  explicit conversation(request const& r)
      : request_(r),
        cpu_({.threads = r.threads}),
        model_(language::load(cpu_, r.model, r.load)),
        text_(language::read_text(r.model)),
        context_(r.context ? std::min(r.context, model_.options().context) : model_.options().context) {
    if (r.format) {
      auto format = text_.chat.value_or(language::chat_format{});
      format.family = *r.format;
      text_.chat = format;
    }
    if (!text_.chat) throw usage_error(text_.why_no_chat + " (--format chooses one)");
    if (!r.system.empty()) turns_.push_back({"system", r.system});
  }

  /// What the model says to a text; `write` gets it by pieces.
  std::string answer(std::string const& said, std::function<void(std::string const&)> const& write) {
    turns_.push_back({"user", said});
    auto how = request_.how;
    how.stop = text_.stop, how.resume = context_;
    auto const prompt = fitting_prompt(how.max_tokens);
    auto stream = text_.words.decode_stream();
    std::string all;
    auto const put = [&](std::string const& piece) {
      all += piece;
      if (!piece.empty()) write(piece);
    };
    how.on_token = [&](std::size_t, std::int32_t token) {
      if (!how.stop.contains(token)) put(stream.push(token));
      return !program::signal_seen();
    };
    auto const g = generate_(cpu_, model_, {prompt}, how, stream_id{request_.seed, draw_purpose::action, answers_++});
    put(stream.finish());
    usage_.add(prompt.size(), g[0].tokens.size());
    turns_.push_back({"assistant", all});
    return all;
  }
  program::token_usage const& usage() const { return usage_; }

 private:
  /// The conversation's tokens; of one that is too long the oldest turns are left out.
  std::vector<std::int32_t> fitting_prompt(int& room) {
    for (;;) {
      auto ids = text_.words.encode((*text_.chat)(turns_), {.begin_end = false});
      if (int(ids.size()) + room <= context_) return ids;
      std::size_t const first = turns_[0].role == "system" ? 1 : 0;
      if (turns_.size() < first + 3) {
        if (int(ids.size()) >= context_)
          throw cohort_error("the text has " + std::to_string(ids.size()) +
                             " tokens, expected fewer than the context's " + std::to_string(context_));
        room = context_ - int(ids.size());
        return ids;
      }
      turns_.erase(turns_.begin() + std::ptrdiff_t(first), turns_.begin() + std::ptrdiff_t(first) + 2);
      if (!std::exchange(forgets_, true))
        std::fprintf(stderr, "[the context is full: the oldest turns are forgotten]\n");
    }
  }

  request request_;
  backend cpu_;
  frozen_model<backend> model_;
  language::model_text text_;
  int context_;
  generator<backend> generate_;
  std::vector<language::chat_turn> turns_;
  program::token_usage usage_;
  std::uint32_t answers_ = 0;
  bool forgets_ = false;
};

std::string content_of(std::string const& line, std::string const& where) {
  file::json const object = file::parse_object(line, where);
  return file::json_fields(object, where).text("content");
}

stored_type cache_type(program::typed const& name, bool wide) {
  if (!name) return wide ? stored_type::f32 : stored_type::f16;
  if (wide) throw usage_error("--cache is '" + *name + "' with --double, whose keys and values are double, too");
  using enum stored_type;
  for (auto [known, type] : {std::pair("f32", f32), {"f16", f16}, {"bf16", bf16}})
    if (*name == known) return type;
  throw usage_error("--cache is '" + *name + "', expected f32, f16 or bf16");
}

template <class T>
void chat(request const& r) {
  conversation<T> with(r);
  bool const terminal = isatty(0) && !r.json;
  program::catch_signals();
  std::string line;
  for (long number = 1;; ++number) {
    if (terminal) program::print("> ");
    if (!std::getline(std::cin, line)) break;
    if (line.empty()) continue;
    std::string const where = "stdin, line " + std::to_string(number);
    if (r.json) {
      auto const said = with.answer(content_of(line, where), [](std::string const&) {});
      program::print(program::json_text({{"role", "assistant"}, {"content", said}}) + "\n");
    } else {
      with.answer(line, [](std::string const& piece) { program::print(piece); });
      program::print("\n");
    }
    if (program::signal_seen()) break;
  }
  if (terminal) program::print("\n");
  with.usage().print();
}

}  // namespace

int main(int argc, char** argv) {
  program::typed system, format, context, cache;
  program::sampling_options sampling;
  bool json = false;
  CLI::App app{
      "Talks with a language model: reads a line from stdin, answers it, and remembers both. Ctrl-C ends an answer, "
      "and "
      "the program;\n"
      "so does the end of stdin. How many tokens that were, in what time and memory, stands on stderr at the end.",
      "cohort chat"};
  program::model_options loading;
  loading.add_to(app);
  program::add(app, "--system", system, "what the model is told first", "TEXT");
  program::add(app, "--format", format,
               "how a conversation is written: chatml, llama2, llama3, mistral, gemma, zephyr, phi3 [the model's]",
               "NAME");
  program::add(app, "--context", context, "tokens that are remembered at most [the model's]", "N");
  program::add(app, "--cache", cache, "holds keys and values as f32, f16 or bf16 [f16; with --double the numbers' own]",
               "NAME");
  sampling.add_to(app, "an answer");
  app.add_flag("--json", json,
               "lines {\"content\": \"...\"} in, and {\"role\": \"assistant\", \"content\": \"...\"} out");
  return program::run(app, argc, argv, [&] {
    request r{.model = loading.path(),
              .system = system.value_or(""),
              .how = sampling.read(512),
              .load = {loading.type()},
              .seed = sampling.seed(),
              .threads = loading.threads(),
              .context = program::whole_number_of("--context", context, 0, 2),
              .json = json};
    r.how.cache = cache_type(cache, loading.wide);
    if (format) {
      auto const found = std::find(language::chat_families.begin(), language::chat_families.end(), *format);
      if (found == language::chat_families.end())
        throw usage_error("--format is '" + *format +
                          "', expected chatml, llama2, llama3, mistral, gemma, zephyr or phi3");
      r.format = language::chat_family(found - language::chat_families.begin());
    }
    loading.wide ? chat<double>(r) : chat<float>(r);
  });
}
