#pragma once
#include <cohort/language/tokenizer/token_lists.hpp>

// A tokenizer.json of lists of tokens.

namespace COHORT_NAMESPACE::detail {

using new_json = nlohmann::ordered_json;

/// Steps as a tokenizer.json has them: none is null, one is itself, and several are a Sequence.
inline new_json steps_json(char const* list, std::vector<new_json> const& steps) {
  if (steps.empty()) return nullptr;
  return steps.size() == 1 ? steps[0] : new_json{{"type", "Sequence"}, {list, steps}};
}

/// How a named pattern takes texts apart: the fields normalizer and pre_tokenizer.
inline new_json steps_json(named_pattern const& words) {
  std::vector<new_json> before;
  if (words.digits_first) before.push_back({{"type", "Digits"}, {"individual_digits", true}});
  bool const usual = std::string_view(words.regex) == gpt2_words;
  if (!usual)
    before.push_back(
        {{"type", "Split"}, {"pattern", {{"Regex", words.regex}}}, {"behavior", "Isolated"}, {"invert", false}});
  before.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", usual}});
  return {{"normalizer", words.nfc ? new_json{{"type", "NFC"}} : new_json()},
          {"pre_tokenizer", steps_json("pretokenizers", before)}};
}

inline new_json replace_json(char const* kind, char const* what, char const* with) {
  return {{"type", "Replace"}, {"pattern", {{kind, what}}}, {"content", with}};
}

/// The same of sentencepiece's models, with a space before each text or without.
inline new_json sentencepiece_steps_json(bool prefix_space, bool remove_extra_spaces = false) {
  std::vector<new_json> steps;
  if (remove_extra_spaces) steps.push_back(replace_json("Regex", extra_spaces, ""));
  if (prefix_space) steps.push_back({{"type", "Prepend"}, {"prepend", space_mark}});
  steps.push_back(replace_json("String", " ", space_mark));
  return {{"normalizer", steps_json("normalizers", steps)}, {"pre_tokenizer", nullptr}};
}

/// The file but for its model and steps: what is put around a text, and the tokens that are found in it as they stand.
inline new_json frame_json(language::tokenizer_parts const& parts, bool spaced = false) {
  new_json added = new_json::array(), processor;
  for (auto const& token : parts.added)
    added.push_back({{"id", token.id},
                     {"content", token.text},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", token.normalized && !spaced},
                     {"special", token.special}});
  if (!parts.before.empty() || !parts.behind.empty()) {
    new_json single = new_json::array(), second = new_json::array(), special = new_json::object();
    auto token = [&](std::int32_t id) {
      std::string const text(parts.tokens[id]);
      single.push_back({{"SpecialToken", {{"id", text}, {"type_id", 0}}}});
      special[text] = {{"id", text}, {"ids", {id}}, {"tokens", {text}}};
    };
    auto text = [](char const* which) { return new_json{{"Sequence", {{"id", which}, {"type_id", 0}}}}; };
    for (auto id : parts.before) token(id);
    single.push_back(text("A"));
    for (auto id : parts.behind) token(id);
    new_json pair = single;
    for (auto const& piece : single) pair.push_back(piece.contains("Sequence") ? text("B") : piece);
    processor = {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}};
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"post_processor", processor}};
}

/// Leaves the numbers free that are in a GGUF file to fill its vocabulary.
inline void remove_padding(language::token_lists& lists) {
  for (std::size_t id = 0; id < lists.kinds.size() && id < lists.tokens.size(); ++id)
    if (lists.kinds[id] == language::token_kind::unused && lists.tokens[id] == padding_name(id))
      lists.tokens[id].clear();
}

inline new_json bpe_json(token_list const& tokens, language::bpe_options const& bpe) {
  new_json vocabulary = new_json::object(), merges = new_json::array();
  auto& entries = vocabulary.get_ref<new_json::object_t&>();
  for (std::int32_t id = 0; id < tokens.size();
       ++id)  // emplace_back: each other way looks for the name in all before it
    if (!tokens[id].empty()) entries.emplace_back(std::string(tokens[id]), id);
  std::vector<std::size_t> order(bpe.merges.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  if (!bpe.ranks.empty()) std::ranges::sort(order, {}, [&](std::size_t k) { return std::pair(bpe.ranks[k], k); });
  for (std::size_t k : order) merges.push_back({tokens[bpe.merges[k].first], tokens[bpe.merges[k].second]});
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", bpe.unknown ? new_json(*bpe.unknown) : new_json()},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", bpe.fuse_unknown},
          {"byte_fallback", bpe.byte_fallback},
          {"ignore_merges", bpe.whole_words},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

inline new_json unigram_json(token_list const& tokens, language::unigram_options const& unigram) {
  new_json vocabulary = new_json::array();
  for (std::int32_t id = 0; id < tokens.size(); ++id)
    vocabulary.push_back(new_json::array({tokens[id], unigram.scores[std::size_t(id)]}));
  return {{"type", "Unigram"},
          {"unk_id", unigram.unknown ? new_json(*unigram.unknown) : new_json()},
          {"vocab", std::move(vocabulary)},
          {"byte_fallback", unigram.byte_fallback}};
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The tokenizer.json of byte_level_parts, with which Hugging Face's tokenizers gives the same tokens.
inline nlohmann::ordered_json byte_level_json(token_lists lists, std::string const& pattern_name) {
  auto json = detail::steps_json(detail::pattern_named(pattern_name, lists.where));
  detail::remove_padding(lists);
  auto const parts = byte_level_parts(std::move(lists), pattern_name);
  json.update(detail::frame_json(parts));
  json["decoder"] = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
  json["model"] = detail::bpe_json(parts.tokens, std::get<bpe_options>(parts.model));
  return json;
}

/// Of sentencepiece_parts. Where a space is put before each text, a user's token is looked for before that, as
/// llama.cpp does, and one with a mark in it is refused; an unused piece of a Unigram model, or a byte's name, is a
/// piece like others.
inline nlohmann::ordered_json sentencepiece_json(token_lists lists, bool unigram) {
  bool const spaced = lists.prefix_space;
  auto json = detail::sentencepiece_steps_json(spaced, lists.remove_extra_spaces);
  if (!unigram) detail::remove_padding(lists);  // whose tokens have no numbers but their places
  auto const parts = sentencepiece_parts(std::move(lists), unigram);
  json.update(detail::frame_json(parts, spaced));
  for (auto const& token : parts.added)
    if (spaced && !token.special && token.text.find(detail::space_mark) != std::string::npos)
      detail::refuse_file(parts.where, "has the user token " + detail::in_quotes(token.text) +
                                           ", which a tokenizer.json that puts a space before each text cannot have");
  std::vector<detail::new_json> decoder{
      detail::replace_json("String", detail::space_mark, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
  if (spaced) decoder.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  json["decoder"] = detail::steps_json("decoders", decoder);
  json["model"] = unigram ? detail::unigram_json(parts.tokens, std::get<unigram_options>(parts.model))
                          : detail::bpe_json(parts.tokens, std::get<bpe_options>(parts.model));
  return json;
}

}  // namespace COHORT_NAMESPACE::language
