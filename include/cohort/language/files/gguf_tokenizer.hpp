#pragma once
#include <cohort/file/gguf.hpp>
#include <optional>

namespace COHORT_NAMESPACE::language {

/// The tokenizer that a GGUF file describes, as plain lists.
struct gguf_tokenizer {
  std::string model;                ///< "gpt2" (byte-level BPE), "llama" (SentencePiece BPE), "t5" (unigram), ...
  std::string pre;                  ///< what cuts a text into words: "smollm", "llama-bpe", "qwen2", ...
  std::vector<std::string> tokens;  ///< as GPT-2 or SentencePiece write them
  std::vector<float> scores;        ///< of SentencePiece; else none
  std::vector<std::int32_t> types;  ///< 1 normal, 2 unknown, 3 control, 4 user's, 5 unused, 6 byte; or none
  std::vector<std::string> merges;  ///< of GPT-2, "left right", the first ones first; else none
  std::optional<std::int32_t> bos, eos, unknown, padding;
  std::optional<bool> add_bos, add_eos, add_space_prefix;  ///< where the file says so
  std::string chat_template;                               ///< "" for none
};

/// Raises io_error for a file without one, for lists that are not as long as that of the tokens, and for a special
/// token that is none of them.
inline gguf_tokenizer read_gguf_tokenizer(file::gguf const& file) {
  gguf_tokenizer t;
  std::string const prefix = "tokenizer.ggml.";
  auto text = [&](std::string const& key) { return file.find(key) ? file.text(key) : std::string(); };
  auto texts = [&](char const* key) {
    auto const all = file.texts(prefix + key);
    return std::vector<std::string>(all.begin(), all.end());
  };
  t.model = file.text(prefix + "model");
  t.pre = text(prefix + "pre");
  t.tokens = texts("tokens");
  if (file.find(prefix + "scores")) t.scores = file.numbers<float>(prefix + "scores");
  if (file.find(prefix + "token_type")) t.types = file.numbers<std::int32_t>(prefix + "token_type");
  if (file.find(prefix + "merges")) t.merges = texts("merges");
  t.chat_template = text("tokenizer.chat_template");

  auto require_as_many = [&](char const* key, std::size_t n) {
    if (n && n != t.tokens.size())
      file.refuse(file.shown_key(prefix + key) + " has " + std::to_string(n) +
                  " elements, expected one for each of the " + std::to_string(t.tokens.size()) + " tokens");
  };
  require_as_many("scores", t.scores.size()), require_as_many("token_type", t.types.size());
  auto token = [&](char const* key) -> std::optional<std::int32_t> {
    if (!file.find(prefix + key)) return {};
    auto const n = file.integer(prefix + key);
    if (n < 0 || std::uint64_t(n) >= t.tokens.size())
      file.refuse(file.shown_key(prefix + key) + " is " + std::to_string(n) + ", expected one of the " +
                  std::to_string(t.tokens.size()) + " tokens");
    return std::int32_t(n);
  };
  t.bos = token("bos_token_id"), t.eos = token("eos_token_id");
  t.unknown = token("unknown_token_id"), t.padding = token("padding_token_id");
  auto flag = [&](char const* key) -> std::optional<bool> {
    if (!file.find(prefix + key)) return {};
    return file.flag(prefix + key);
  };
  t.add_bos = flag("add_bos_token"), t.add_eos = flag("add_eos_token");
  t.add_space_prefix = flag("add_space_prefix");
  return t;
}

}  // namespace COHORT_NAMESPACE::language
