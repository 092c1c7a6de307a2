// Writes random language models as GGUF files, of each family and kind of positions and in each type, and beside them
// NAME.txt: a prompt, its greedy continuation, and the logarithm of each one's probability. check_gguf.py
// reads them with the real packages.
//
//     write_gguf FOLDER
//     write_gguf FILE.gguf TOKENS "PROMPT" ...     the same lines for a file that is there
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/gguf_model.hpp>
#include <cohort/language/files/write_gguf.hpp>
#include <cohort/language/model/generate.hpp>
#include <cohort/language/model/language_model.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using namespace cohort;

namespace {

/// A tokenizer that llama.cpp takes: tokens of one letter each, of which nothing is merged.
file::new_gguf_values tokenizer(int vocabulary) {
  std::vector<std::string> tokens;
  for (int n = 0; n < vocabulary; ++n) tokens.push_back("<" + std::to_string(n) + ">");
  file::new_gguf_values values;
  values.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "smollm").set("tokenizer.ggml.tokens", tokens);
  values.set("tokenizer.ggml.token_type", std::vector<std::int32_t>(tokens.size(), 1));
  values.set("tokenizer.ggml.merges", std::vector<std::string>{"< 0"}).set("tokenizer.ggml.add_bos_token", false);
  return values;
}

void say(std::ostream& out, language::gguf_model const& file, std::vector<std::int32_t> const& prompt, int tokens) {
  eigen::backend cpu;
  language_model model{cpu, file.options()};
  file.read_parameters<float>(std::span(model.parameters().data, std::size_t(model.parameters().size())));
  generator<eigen::backend> generate;
  auto const said =
      generate(cpu, model, {prompt}, {.max_tokens = tokens, .stop = file.stop_tokens(), .sampler = {.temperature = 0}},
               stream_id{});
  out.precision(9);
  for (auto t : prompt) out << t << ' ';
  out << '|';
  for (auto t : said[0].tokens) out << ' ' << t;
  out << " |";
  for (auto x : said[0].logp) out << ' ' << x;
  out << '\n';
}

void write(std::filesystem::path const& folder) {
  decoder_options const llama{.vocabulary = 300,
                              .hidden = 64,
                              .intermediate = 96,
                              .layers = 3,
                              .heads = 4,
                              .kv_heads = 2,
                              .context = 128,
                              .rope_base = 500,
                              .tied = false};
  auto with = [&](auto change) {
    auto o = llama;
    change(o);
    return o;
  };
  using kind = rotary_scaling::kind;
  std::pair<char const*, decoder_options> const models[] = {
      {"llama", llama},
      {"llama_tied", with([](auto& o) { o.tied = true, o.heads = 3, o.kv_heads = 3, o.head_size = 32; })},
      {"llama_linear", with([](auto& o) { o.scaling = {.how = kind::linear, .factor = 2.5}; })},
      {"llama_llama3", with([](auto& o) { o.scaling = {.how = kind::llama3, .factor = 8, .original_context = 64}; })},
      {"llama_biased", with([](auto& o) { o.biased = o.biased_out = o.biased_feed = true; })},
      {"qwen2", with([](auto& o) { o.biased = true; })},
      {"qwen2_yarn",
       with([](auto& o) { o.biased = true, o.scaling = {.how = kind::yarn, .factor = 4, .original_context = 32}; })},
      {"qwen3", with(language::set_qwen3)},
      {"gemma", with([](auto& o) { language::set_gemma(o), o.tied = true; })},
      {"gemma2", with([](auto& o) {
         language::set_gemma2(o), o.tied = true, o.window = 8, o.attention_cap = 5, o.logit_cap = 3;
       })},
      {"gemma3", with([](auto& o) {
         o.layers = 7, language::set_gemma3(o), o.tied = true, o.window = 8, o.windowed_rope_base = 100;
       })},
      {"gemma3_by_3", with([](auto& o) {
         o.layers = 4, language::set_gemma3(o, 3), o.tied = true, o.window = 8, o.windowed_rope_base = 100;
       })},
      {"phi3", with([](auto& o) { o.rotary_share = .75; })},
      {"gpt2", with([](auto& o) { language::set_gpt2(o), o.kv_heads = 0, o.tied = true; })},
  };
  for (auto const& [name, options] : models) {
    std::vector<float> parameters(std::size_t(options.parameters()));
    random_stream draws(stream_id{11, draw_purpose::user});
    for (auto const& t : tensors_of(options))
      for (auto i = t.offset; i < t.offset + t.size(); ++i)
        parameters[std::size_t(i)] = float(.25 * draws.normal() + t.start);
    for (auto const& type : stored_types) {
      if (!type.encode) continue;
      auto const path = folder / (std::string(name) + "_" + std::string(type.name) + ".gguf");
      language::write_gguf<float>(path, options, parameters, {.type = type.type, .values = tokenizer(300)});
      std::ofstream lines(std::filesystem::path(path).replace_extension(".txt"));
      language::gguf_model const file(path);
      say(lines, file, {17, 4, 250, 33, 6}, 24);
      say(lines, file, {1}, 24);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  if (count == 2) return write(words[1]), 0;
  if (count < 4) return 2;
  language::gguf_model const file(words[1]);
  for (int n = 3; n < count; ++n) {
    std::istringstream text(words[n]);
    std::vector<std::int32_t> prompt;
    for (std::int32_t token; text >> token;) prompt.push_back(token);
    say(std::cout, file, prompt, std::stoi(words[2]));
  }
}
