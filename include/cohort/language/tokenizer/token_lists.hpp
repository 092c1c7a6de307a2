#pragma once
#include <algorithm>
#include <cohort/language/tokenizer/json_steps.hpp>
#include <cohort/language/tokenizer/tokenizer_parts.hpp>
#include <span>
#include <tuple>

// Tokenizers of files that list tokens and name the rest: GGUF's, and sentencepiece's models.

namespace COHORT_NAMESPACE::language {

/// What a token is, by sentencepiece's numbers, which GGUF has too.
enum class token_kind : std::int32_t { normal = 1, unknown, control, user_defined, unused, byte };

struct token_lists {
  std::string where = "tokenizer";  ///< what messages call it
  std::vector<std::string> tokens{};
  std::vector<token_kind> kinds{};    ///< of the tokens; empty: all are normal
  std::vector<float> scores{};        ///< of the tokens, where the model has any
  std::vector<std::string> merges{};  ///< "left right", where it has any
  std::optional<std::int32_t> begin{}, end{};
  bool add_begin = false, add_end = false;  ///< whether encode puts them around a text
  bool prefix_space = true;                 ///< of sentencepiece: a space before a text
  bool remove_extra_spaces = false;         ///< of sentencepiece
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// The words of models whose patterns have no other name than theirs.
struct named_pattern {
  std::vector<char const*> names;
  bool digits_first, nfc, whole_words;
  char const* regex;
};
inline std::vector<named_pattern> const& named_patterns() {
  static std::vector<named_pattern> const all{
      {{"gpt-2", "phi-2", "mpt", "olmo"}, false, false, false, gpt2_words},
      {{"smollm", "starcoder", "refact", "command-r", "codeshell"}, true, false, false, gpt2_words},
      {{"llama-bpe", "llama3", "llama-v3"},
       false,
       false,
       true,
       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
       R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
      {{"qwen2", "deepseek-r1-qwen"},
       false,
       true,
       false,
       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
       R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
  };
  return all;
}

inline named_pattern const& pattern_named(std::string const& name, std::string const& where) {
  std::string known;
  for (auto const& one : named_patterns())
    for (char const* each : one.names) {
      if (name == each) return one;
      known += (known.empty() ? "\"" : ", \"") + std::string(each) + '"';
    }
  refuse_file(where, "has the pre-tokenizer " + in_quotes(name) + ", expected one of " + known);
}

/// What all kinds have in common: the tokens, which of them are added, and what is put around a text.
inline language::tokenizer_parts listed_parts(language::token_lists& lists) {
  auto refuse = [&](std::string const& what) { refuse_file(lists.where, what); };
  for (auto const& [name, size] : {std::pair{"kinds", lists.kinds.size()}, std::pair{"scores", lists.scores.size()}})
    if (size && size != lists.tokens.size())
      refuse("has " + std::to_string(size) + " " + name + " of " + std::to_string(lists.tokens.size()) + " tokens");
  language::tokenizer_parts parts;
  parts.where = lists.where;
  for (std::size_t id = 0; id < lists.kinds.size(); ++id) {
    auto const kind = lists.kinds[id];
    if (kind == language::token_kind::control || kind == language::token_kind::user_defined ||
        kind == language::token_kind::unknown)
      parts.added.push_back(
          {.text = lists.tokens[id], .id = std::int32_t(id), .special = kind != language::token_kind::user_defined});
  }
  parts.tokens = token_list(std::move(lists.tokens), lists.where);
  parts.begin = lists.begin, parts.end = lists.end;
  for (auto const& [wanted, id, to, name] : {std::tuple{lists.add_begin, lists.begin, &parts.before, "begins"},
                                             std::tuple{lists.add_end, lists.end, &parts.behind, "ends"}}) {
    if (wanted && !id) refuse(std::string("puts a token where a text ") + name + ", and does not say which");
    if (wanted) to->push_back(*id);
  }
  return parts;
}

/// What sentencepiece takes away where it removes extra spaces.
inline constexpr char extra_spaces[] = R"(\A +|[ ▁]+\z| +(?= ))";

/// What GGUF files call a number of a model's vocabulary that no token has.
inline std::string padding_name(std::size_t id) { return "[PAD" + std::to_string(id) + "]"; }

/// Every pair of tokens that makes another, those of larger scores first: the merges that sentencepiece finds by
/// looking at scores.
inline language::bpe_options merges_by_score(token_list const& tokens, std::vector<float> const& scores,
                                             std::vector<language::token_kind> const& kinds) {
  std::vector<float> order(scores);
  std::ranges::sort(order, std::greater<>{});
  order.erase(std::unique(order.begin(), order.end()), order.end());
  language::bpe_options bpe;
  for (std::int32_t id = 0; id < tokens.size(); ++id) {
    if (!kinds.empty() && kinds[std::size_t(id)] != language::token_kind::normal) continue;
    std::string_view const text = tokens[id];
    auto const place = std::ranges::lower_bound(order, scores[std::size_t(id)], std::greater<>{});
    for (std::size_t cut = 0; cut < text.size();) {
      cut += character_size(text.substr(cut));
      if (cut >= text.size()) break;
      std::pair const parts{tokens.find(text.substr(0, cut)), tokens.find(text.substr(cut))};
      if (parts.first == token_list::none || parts.second == token_list::none) continue;
      bpe.merges.push_back(parts);
      bpe.ranks.push_back(std::int32_t(place - order.begin()));
    }
  }
  return bpe;
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// A byte-level BPE whose pattern has a name, as GGUF's tokenizer.ggml.pre. Raises io_error for a name that is not
/// known.
inline tokenizer_parts byte_level_parts(token_lists lists, std::string const& pattern_name) {
  auto const& words = detail::pattern_named(pattern_name, lists.where);
  auto parts = detail::listed_parts(lists);
  bpe_options bpe;
  bpe.merges.reserve(lists.merges.size());
  for (std::size_t k = 0; k < lists.merges.size(); ++k)
    bpe.merges.push_back(detail::merge_of(parts.tokens, lists.merges[k], k, lists.where));
  bpe.whole_words = words.whole_words;
  parts.model = std::move(bpe);
  if (words.nfc) parts.normalizer.push_back(text_step::form::nfc);
  auto split = [&](char const* regex) {
    parts.pre_tokenizer.push_back(text_step::split{detail::pattern::regex(regex, lists.where)});
  };
  if (words.digits_first) split(R"(\p{N})");
  split(words.regex);
  parts.pre_tokenizer.push_back(text_step::byte_alphabet{});
  parts.decoder = {text_step::bytes_of_alphabet{}};
  return parts;
}

/// sentencepiece's BPE or, with `unigram`, its Unigram model, with a normalizer that changes nothing but spaces.
inline tokenizer_parts sentencepiece_parts(token_lists lists, bool unigram) {
  auto parts = detail::listed_parts(lists);
  if (lists.scores.empty() && parts.tokens.size() > 0) detail::refuse_file(lists.where, "has no scores");
  auto const named = std::ranges::find(lists.kinds, token_kind::unknown);
  auto const unknown =
      named == lists.kinds.end() ? std::nullopt : std::optional(std::int32_t(named - lists.kinds.begin()));
  parts.added_as_written = true;
  for (added_token& token : parts.added) token.normalized = !token.special;
  bool const bytes = std::ranges::find(lists.kinds, token_kind::byte) != lists.kinds.end();
  if (unigram) {
    unigram_options options{{lists.scores.begin(), lists.scores.end()}, unknown};
    for (token_kind kind : lists.kinds)
      options.hidden.push_back(kind != token_kind::normal && kind != token_kind::user_defined);
    options.single = true, options.byte_fallback = bytes;
    parts.model = std::move(options);
  } else {
    bpe_options bpe = detail::merges_by_score(parts.tokens, lists.scores, lists.kinds);
    if (unknown) bpe.unknown = parts.tokens[*unknown];
    bpe.byte_fallback = bytes, bpe.fuse_unknown = true;
    parts.model = std::move(bpe);
  }
  auto const replace = [&](char const* regex, char const* with) {
    parts.normalizer.push_back(text_step::replace{detail::pattern::regex(regex, lists.where), with});
  };
  if (lists.remove_extra_spaces) replace(detail::extra_spaces, "");
  if (lists.prefix_space) parts.normalizer.push_back(text_step::prepend{" "});
  parts.normalizer.push_back(text_step::replace{detail::pattern::literal(" ", lists.where), detail::space_mark});
  parts.decoder = {text_step::replace{detail::pattern::literal(detail::space_mark, lists.where), " "},
                   text_step::bytes_of_names{}, text_step::fuse{}};
  if (unknown)
    parts.decoder->insert(parts.decoder->begin(),
                          text_step::replace{detail::pattern::literal(std::string(parts.tokens[*unknown]), lists.where),
                                             " \xe2\x81\x87 "});
  if (lists.prefix_space) parts.decoder->push_back(text_step::strip_character{" ", 1, 0});
  return parts;
}

}  // namespace COHORT_NAMESPACE::language
