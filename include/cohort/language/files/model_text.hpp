#pragma once
#include <cohort/language/files/gguf_words.hpp>
#include <cohort/language/files/load.hpp>
#include <cohort/language/model/stop_tokens.hpp>
#include <cohort/language/tokenizer/chat_template.hpp>

namespace COHORT_NAMESPACE::detail {

/// The tokens with which the turns of a format end, of those that there are.
inline void add_ends_of_turns(language::tokenizer const& words, std::vector<std::int32_t>& stop) {
  for (char const* end : {"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>"})
    if (auto const id = words.id_of(end); id && words.is_special(*id)) stop.push_back(*id);
  std::sort(stop.begin(), stop.end());
  stop.erase(std::unique(stop.begin(), stop.end()), stop.end());
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// What stands between a model and texts: its tokenizer, the tokens that end what it says, and how a conversation is
/// written for it.
struct model_text {
  tokenizer words;
  stop_tokens stop;                 ///< of texts and of turns
  std::optional<chat_format> chat;  ///< absent where the files have no template, or none that is known
  std::string why_no_chat;          ///< then

  /// The token that ends what it says: the tokenizer's end of a text, if it is one of `stop`, else the first of them.
  std::optional<std::int32_t> end() const {
    if (auto const end = words.end(); end && stop.contains(*end)) return end;
    return stop.empty() ? std::nullopt : std::optional(stop.front());
  }
};

/// The tokenizer of a folder, a tokenizer.json or a GGUF file.
inline tokenizer read_words(std::filesystem::path const& path) {
  if (path.extension() != ".gguf") return tokenizer(path);
  return detail::words_of(read_gguf_tokenizer(file::gguf(path)), path.string());
}

/// From a folder of Hugging Face's or a GGUF file. Raises io_error for a tokenizer that is missing or not known.
inline model_text read_text(std::filesystem::path const& path) {
  std::error_code absent;
  bool const folder = std::filesystem::is_directory(path, absent);
  auto const chat = [](model_text& text, auto read) {
    try {
      text.chat = read();
    } catch (cohort_error const& e) {
      text.why_no_chat = e.what();
    }
  };
  if (folder) {
    model_text text{tokenizer(path), read_stop_tokens(path), {}, {}};
    chat(text, [&] { return read_chat(path); });
    detail::add_ends_of_turns(text.words, text.stop);
    return text;
  }
  gguf_model const model(path);
  gguf_tokenizer const list = read_gguf_tokenizer(model.file());
  model_text text{detail::words_of(list, path.string()), model.stop_tokens(), {}, {}};
  chat(text, [&] {
    if (list.chat_template.empty()) detail::refuse_file(path.string(), "has no chat template");
    chat_format f = recognize_chat(list.chat_template);
    if (list.bos) f.begin = text.words.token(*list.bos);
    if (list.eos) f.end = text.words.token(*list.eos);
    return f;
  });
  detail::add_ends_of_turns(text.words, text.stop);
  return text;
}

}  // namespace COHORT_NAMESPACE::language
