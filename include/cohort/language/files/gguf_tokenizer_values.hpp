#pragma once
#include <cohort/file/new_gguf.hpp>
#include <cohort/language/tokenizer/chat_template.hpp>
#include <cohort/language/tokenizer/read_tokenizer.hpp>
#include <cohort/language/tokenizer/tokenizer_steps.hpp>

// The tokenizer of a Hugging Face folder, as the values of a GGUF file.

namespace COHORT_NAMESPACE::detail {

inline bool reads_bytes(language::tokenizer_parts const& parts) {
  auto const& steps = parts.pre_tokenizer;
  return !steps.empty() && std::holds_alternative<language::text_step::byte_alphabet>(steps.back());
}

/// One of a tokenizer's tokens for each number of a model's vocabulary; numbers without one have an unused token.
inline language::token_lists padded_lists(language::tokenizer_parts const& parts, int vocabulary) {
  using enum language::token_kind;
  language::token_lists lists{.where = parts.where};
  for (std::int32_t id = 0; id < vocabulary; ++id) {
    lists.tokens.emplace_back(parts.tokens[id]);
    lists.kinds.push_back(normal);
  }
  auto const* const bpe = std::get_if<language::bpe_options>(&parts.model);
  auto const* const unigram = std::get_if<language::unigram_options>(&parts.model);
  if (bpe ? bpe->byte_fallback : unigram->byte_fallback)
    for (int byte = 0; byte < 256; ++byte)
      if (auto const id = parts.tokens.find_byte(static_cast<unsigned char>(byte)); id >= 0 && id < vocabulary)
        lists.kinds[std::size_t(id)] = language::token_kind::byte;
  std::int32_t last = parts.tokens.size() - 1;
  for (auto const& token : parts.added) {
    auto refuse = [&](char const* what) {
      refuse_file(parts.where,
                  "has the added token " + in_quotes(token.text) + ", which " + what + ", as a GGUF file cannot say");
    };
    if (token.lstrip || token.rstrip) refuse("takes the white space beside it");
    if (token.single_word) refuse("is no part of a word");
    if (token.normalized && !parts.normalizer.empty() && (token.special || reads_bytes(parts)))
      refuse("is looked for in the normalized text");
    last = std::max(last, token.id);
    if (token.id >= vocabulary) continue;
    lists.tokens[std::size_t(token.id)] = token.text;
    lists.kinds[std::size_t(token.id)] = token.special ? control : user_defined;
  }
  if (last >= vocabulary)
    refuse_file(parts.where, "has the token " + std::to_string(last) + ", and the model a vocabulary of " +
                                 std::to_string(vocabulary));
  auto const unknown_one = bpe && bpe->unknown           ? parts.tokens.find(*bpe->unknown)
                           : unigram && unigram->unknown ? *unigram->unknown
                                                         : token_list::none;
  if (unknown_one >= 0) lists.kinds[std::size_t(unknown_one)] = unknown;
  for (std::size_t id = 0; id < lists.tokens.size(); ++id)
    if (lists.tokens[id].empty()) lists.tokens[id] = padding_name(id), lists.kinds[id] = unused;
  return lists;
}

/// A GGUF file's user tokens are looked for where spaces are marks already, and those of a tokenizer.json, unless
/// normalized, before: one with a mark in it is then found by merges alone.
inline void adapt_user_tokens(language::tokenizer_parts const& parts, bool spaced, language::token_lists& lists) {
  for (auto const& token : parts.added) {
    if (token.special) continue;
    bool const marked = token.text.find(space_mark) != std::string::npos;
    if (spaced)
      refuse_file(parts.where, "has the added token " + in_quotes(token.text) +
                                   ", and puts a space behind it as before each text, as a GGUF file cannot say");
    if (token.normalized && token.text.find(' ') != std::string::npos)
      refuse_file(parts.where,
                  "has the added token " + in_quotes(token.text) + ", which is looked for in the normalized text");
    if (marked && !token.normalized) lists.kinds[std::size_t(token.id)] = language::token_kind::normal;
  }
}

/// Scores by which sentencepiece finds the same merges: a token's is the higher the earlier it is first made. Raises
/// io_error for merges that no scores give.
inline std::vector<float> scores_of_merges(language::tokenizer_parts const& parts, language::token_lists const& lists) {
  auto const& bpe = std::get<language::bpe_options>(parts.model);
  std::vector<float> scores(lists.tokens.size());
  std::set<std::pair<std::int32_t, std::int32_t>> given;
  std::set<std::int32_t> made;
  std::int32_t newest = token_list::none;
  auto refuse = [&](std::pair<std::int32_t, std::int32_t> merge, char const* what) {
    refuse_file(parts.where,
                "the merge of " + in_quotes(parts.tokens[merge.first]) + " and " +
                    in_quotes(parts.tokens[merge.second]) + " " + what +
                    ", so that its merges are none that a sentencepiece tokenizer in a GGUF file can have");
  };
  for (auto const& merge : bpe.merges) {
    auto const whole = parts.tokens.find(std::string(parts.tokens[merge.first]).append(parts.tokens[merge.second]));
    if (whole < 0 || lists.kinds[std::size_t(whole)] != language::token_kind::normal) continue;  // never comes about
    given.insert(merge);
    if (whole == newest) continue;
    if (!made.insert(whole).second) refuse(merge, "makes a token that another made earlier, with others in between");
    newest = whole;
    scores[std::size_t(whole)] = -float(made.size());
  }
  for (auto const& merge : merges_by_score(parts.tokens, scores, lists.kinds).merges)
    if (!given.contains(merge)) refuse(merge, "is not there, and makes a token");
  return scores;
}

/// A token that tokenizer_config.json names.
inline std::optional<std::int32_t> named_token(file::json_fields const& config, language::token_lists const& lists,
                                               char const* name) {
  std::string const text = token_text(config, name);
  auto const found = std::ranges::find(lists.tokens, text);
  if (text.empty() || found == lists.tokens.end()) return {};
  return std::int32_t(found - lists.tokens.begin());
}

inline bool has_tokenizer(std::filesystem::path const& folder) {
  std::error_code absent;
  return std::filesystem::exists(folder / "tokenizer.json", absent) ||
         std::filesystem::exists(folder / "tokenizer.model", absent);
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// A folder's tokenizer and chat template as a GGUF file has them, and the tokens that end a text, of which the first
/// is the one that the tokenizer names. Raises io_error for what a GGUF file cannot say, so that the tokens of a text
/// are the same in both.
struct gguf_tokenizer_values {
  file::new_gguf_values values;
  std::vector<std::int32_t> stop_tokens;

  /// `vocabulary`: the model's, which may have numbers that no token has. `ends`: the model's ends of text.
  gguf_tokenizer_values(std::filesystem::path const& folder, int vocabulary, std::vector<std::int32_t> const& ends) {
    std::string const ggml = "tokenizer.ggml.";
    tokenizer_parts const parts = read_tokenizer(folder);
    token_lists lists = detail::padded_lists(parts, vocabulary);
    bool const bytes = detail::reads_bytes(parts);
    bool spaced = false;
    auto const file = folder / "tokenizer.json";
    if (std::error_code absent; std::filesystem::exists(file, absent)) {
      auto const json = detail::read_object(file);
      if (bytes) {
        auto const& bpe = std::get<bpe_options>(parts.model);
        values.set(ggml + "pre", detail::pattern_of(json, bpe.whole_words, parts.where).names.front());
        for (auto const& [left, right] : bpe.merges)
          lists.merges.push_back(std::string(parts.tokens[left]) + " " + std::string(parts.tokens[right]));
      } else {
        spaced = detail::puts_space_before(json, parts.where);
        detail::adapt_user_tokens(parts, spaced, lists);
        if (auto const* unigram = std::get_if<unigram_options>(&parts.model)) {
          lists.scores.assign(unigram->scores.begin(), unigram->scores.end());
          lists.scores.resize(lists.tokens.size());
        } else {
          lists.scores = detail::scores_of_merges(parts, lists);
        }
      }
    } else {
      file::mapped_file const pieces(folder / "tokenizer.model");
      auto all = read_sentencepiece_lists(pieces.bytes(), parts.where).lists;
      if (all.remove_extra_spaces) detail::refuse_file(parts.where, "removes extra spaces, as a GGUF file cannot say");
      spaced = all.prefix_space;
      lists.scores = std::move(all.scores);
      lists.scores.resize(lists.tokens.size());
      std::ranges::copy(all.kinds, lists.kinds.begin());
    }
    set_lists(bytes ? "gpt2" : std::holds_alternative<unigram_options>(parts.model) ? "t5" : "llama", lists);
    values.set(ggml + "add_space_prefix", spaced);
    file::json const config = read_tokenizer_config(folder);
    set_special(file::json_fields(config, (folder / "tokenizer_config.json").string()), parts, lists, ends);
    if (auto const chat = read_chat_template(folder, config); !chat.empty())
      values.set("tokenizer.chat_template", chat);
  }

 private:
  void set_lists(char const* model, token_lists const& lists) {
    values.set("tokenizer.ggml.model", model).set("tokenizer.ggml.tokens", lists.tokens);
    if (!values.contains("tokenizer.ggml.pre")) values.set("tokenizer.ggml.pre", "default");
    std::vector<std::int32_t> kinds;
    for (auto kind : lists.kinds) kinds.push_back(std::int32_t(kind));
    values.set("tokenizer.ggml.token_type", kinds);
    if (lists.scores.empty()) values.set("tokenizer.ggml.merges", lists.merges);
    else values.set("tokenizer.ggml.scores", lists.scores);
  }
  void set_special(file::json_fields const& config, tokenizer_parts const& parts, token_lists const& lists,
                   std::vector<std::int32_t> const& ends) {
    if (parts.before.size() > 1 || parts.behind.size() > 1)
      detail::refuse_file(parts.where, "puts more than one token before or behind a text, as a GGUF file cannot say");
    auto begin = parts.begin, end = parts.end;
    if (!parts.before.empty()) begin = parts.before[0];
    if (!parts.behind.empty()) end = parts.behind[0];
    stop_tokens = ends;
    if (end && (stop_tokens.empty() || !parts.behind.empty()) && std::ranges::find(ends, *end) == ends.end())
      stop_tokens.insert(stop_tokens.begin(), *end);
    if (auto const at = std::ranges::find(stop_tokens, end); at != stop_tokens.end())
      std::rotate(stop_tokens.begin(), at, at + 1);
    auto set = [&](char const* key, std::optional<std::int32_t> token) {
      if (token) values.set(std::string("tokenizer.ggml.") + key, std::uint32_t(*token));
    };
    set("bos_token_id", begin);
    set("padding_token_id", detail::named_token(config, lists, "pad_token"));
    auto const unknown = std::ranges::find(lists.kinds, token_kind::unknown);
    set("unknown_token_id", unknown != lists.kinds.end() ? std::optional(std::int32_t(unknown - lists.kinds.begin()))
                                                         : detail::named_token(config, lists, "unk_token"));
    values.set("tokenizer.ggml.add_bos_token", !parts.before.empty());
    values.set("tokenizer.ggml.add_eos_token", !parts.behind.empty());
  }
};

}  // namespace COHORT_NAMESPACE::language
