#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/files/write_model.hpp>
#include <cohort/language/model/generate.hpp>

#include "files.hpp"
#include "paths.hpp"

namespace support {

using namespace cohort;
using file::json;

enum class encode_how { text, chat };

/// A folder with a model of Qwen2's tokenizer, which talks as ChatML has it.
struct talking_model {
  files::scratch const here{"cohort_chat"};
  eigen::backend cpu{};
  std::string const folder = (here.path / "model").string();
  talking_model() {
    language::tokenizer const words(paths::golden("tokenizer/qwen2"));
    decoder_options const shape{
        .vocabulary = words.size(), .hidden = 32, .intermediate = 32, .layers = 1, .heads = 2, .context = 120};
    language_model model(cpu, shape, random_seed{5}, {.initial_std = .3});
    language::write_model<float>(folder, shape, {model.parameters().data, std::size_t(model.parameters().size())});
    std::filesystem::copy(paths::golden("tokenizer/qwen2/tokenizer.json"), folder);
    files::put(std::filesystem::path(folder) / "tokenizer_config.json",
               json{{"chat_template", "{{'<|im_start|>' + role + '\n' + content + '<|im_end|>'}}"}}.dump());
  }
  files::outcome_of_program run(char const* program, std::string const& arguments, std::string const& in = "") const {
    files::put(here.path / "in", in);
    return files::run_in(here, paths::program(program), "--model '" + folder + "' " + arguments + " <in");
  }
  /// What the library says to a text, greedily.
  std::string said(std::string const& text, std::vector<std::int32_t> const& stop, int tokens, encode_how how,
                   stored_type cache = stored_type::f32) {
    auto const text_side = language::read_text(folder);
    auto model = language::load(cpu, folder);
    generator<eigen::backend> generate;
    auto const all =
        generate(cpu, model, {text_side.words.encode(text, {.begin_end = how == encode_how::text})},
                 {.max_tokens = tokens, .stop = stop, .sampler = {.temperature = 0}, .cache = cache}, stream_id{});
    auto ids = all[0].tokens;
    if (all[0].stopped && how == encode_how::chat) ids.pop_back();
    return text_side.words.decode(ids);
  }
};

}  // namespace support
