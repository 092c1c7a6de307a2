#pragma once
#include <cohort/file/new_folder.hpp>
#include <cohort/language/files/convert_options.hpp>
#include <cohort/language/files/gguf_model.hpp>
#include <cohort/language/files/gguf_words.hpp>
#include <cohort/language/files/write_model.hpp>

// A model's files as a folder of Hugging Face's.

namespace COHORT_NAMESPACE::detail {

/// What makes a folder a model goes first and comes last; the rest of an old one goes with it.
inline void commit_model(file::new_folder& made) {
  made.commit([](std::filesystem::path const& name) { return name == "config.json"; },
              [](std::filesystem::path const& name) {
                std::string_view const text = name.native();
                return belongs_to_texts(text) || text.ends_with(".safetensors") ||
                       text.ends_with(".safetensors.index.json");
              });
}

template <class T>
void write_converted(std::filesystem::path const& from, file::new_folder const& made,
                     language::convert_options const& how) {
  auto const options = language::read_config(from);
  std::vector<T> parameters(static_cast<std::size_t>(options.parameters()));
  language::read_parameters<T>(from, options, parameters);
  language::write_model_like<T>(from, made.path(), parameters, how.type);
}

inline language::converted folder_to_folder(std::filesystem::path const& from, std::filesystem::path const& to,
                                            language::convert_options const& how) {
  file::new_folder made(to, how.what);
  if (tensor_files(from).have("F64")) write_converted<double>(from, made, how);
  else write_converted<float>(from, made, how);
  std::error_code failed;
  for (char const* name : {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "chat_template.jinja"})
    if (!how.tokenizer) std::filesystem::remove(made.path() / name, failed);
  bool const texts = std::filesystem::exists(made.path() / "tokenizer.json") ||
                     std::filesystem::exists(made.path() / "tokenizer.model");
  commit_model(made);
  return {how.type, texts};
}

/// tokenizer_config.json: which tokens have a part of their own, and the chat template.
inline nlohmann::ordered_json tokenizer_config_json(language::gguf_tokenizer const& words, int context) {
  nlohmann::ordered_json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                                   {"clean_up_tokenization_spaces", false},
                                   {"model_max_length", context}};
  for (auto const& [name, id] : {std::pair("bos_token", words.bos),
                                 {"eos_token", words.eos},
                                 {"unk_token", words.unknown},
                                 {"pad_token", words.padding}})
    if (id) config[name] = words.tokens[std::size_t(*id)];
  if (!words.chat_template.empty()) config["chat_template"] = words.chat_template;
  return config;
}

inline void write_json(std::filesystem::path const& path, nlohmann::ordered_json const& json,
                       std::filesystem::path const& source) {
  std::string text;
  try {
    text = json.dump(1) + "\n";
  } catch (file::json::type_error const&) {
    refuse_file(source.string(), "has in its tokenizer or chat template a text that is no UTF-8");
  }
  file::write_text(path, text);
}

inline language::converted gguf_to_folder(std::filesystem::path const& from, std::filesystem::path const& to,
                                          language::convert_options const& how) {
  using enum stored_type;
  language::gguf_model const model(from);
  auto const& file = model.file();
  stored_type const type = how.type ? *how.type : type_of_all(types_of_matrices(file), {f16, bf16});
  dtype_of(type);

  file::new_folder made(to, how.what);
  language::model_write_options write{.type = type, .stop_tokens = model.stop_tokens()};
  bool const texts = how.tokenizer && file.find("tokenizer.ggml.tokens");
  if (texts) {
    auto const words = language::read_gguf_tokenizer(file);
    write.begin = words.bos;
    words_of(words, from.string());  // which finds what is wrong with them
    write_json(made.path() / "tokenizer.json", tokenizer_json_of(words, from.string()), from);
    write_json(made.path() / "tokenizer_config.json", tokenizer_config_json(words, model.options().context), from);
  }
  std::vector<float> parameters(static_cast<std::size_t>(model.options().parameters()));
  model.read_parameters<float>(parameters);
  language::write_model<float>(made.path(), model.options(), parameters, write);
  commit_model(made);
  return {type, texts};
}

}  // namespace COHORT_NAMESPACE::detail
