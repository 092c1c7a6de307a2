#pragma once
#include <cohort/language/files/gguf_tokenizer.hpp>
#include <cohort/language/tokenizer/new_tokenizer_json.hpp>
#include <cohort/language/tokenizer/tokenizer.hpp>

// The tokenizer of a GGUF file, here and as a tokenizer.json.

namespace COHORT_NAMESPACE::detail {

/// f(lists, pattern) of byte-level BPE, or g(lists, unigram) of sentencepiece's models.
template <class F, class G>
auto with_lists_of(language::gguf_tokenizer const& file, std::string const& where, F f, G g) {
  language::token_lists lists{.where = where,
                              .tokens = file.tokens,
                              .scores = file.scores,
                              .merges = file.merges,
                              .begin = file.bos,
                              .end = file.eos,
                              .add_begin = file.add_bos.value_or(file.model == "llama"),
                              .add_end = file.add_eos.value_or(false),
                              .prefix_space = file.add_space_prefix.value_or(true)};
  for (auto type : file.types) lists.kinds.push_back(language::token_kind(type));
  if (file.model == "gpt2") return f(std::move(lists), file.pre.empty() ? "gpt-2" : file.pre);
  if (file.model == "llama" || file.model == "t5") return g(std::move(lists), file.model == "t5");
  refuse_file(where, "has the tokenizer model " + shown(file.model) + ", expected \"gpt2\", \"llama\" or \"t5\"");
}

inline language::tokenizer words_of(language::gguf_tokenizer const& file, std::string const& where) {
  return language::tokenizer(with_lists_of(file, where, language::byte_level_parts, language::sentencepiece_parts));
}

/// As Hugging Face's tokenizers reads it.
inline nlohmann::ordered_json tokenizer_json_of(language::gguf_tokenizer const& file, std::string const& where) {
  return with_lists_of(file, where, language::byte_level_json, language::sentencepiece_json);
}

}  // namespace COHORT_NAMESPACE::detail
