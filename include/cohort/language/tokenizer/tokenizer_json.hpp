#pragma once
#include <cohort/language/tokenizer/json_steps.hpp>

// tokenizer.json, as Hugging Face's tokenizers writes it.

namespace COHORT_NAMESPACE::detail {

/// A token's number.
inline std::int32_t token_number(file::json const& value, std::size_t most, std::string const& where) {
  auto const number = file::token_in(value, most);
  if (!number)
    refuse_file(where, "is " + shown(value) + ", expected a token's number, in a file of this size below " +
                           std::to_string(most));
  return *number;
}

inline void read_bpe(step_fields const& f, std::size_t most, language::tokenizer_parts& to) {
  for (char const* name : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (f.find(name) && f.text(name) != "") f.wrong(name, "none, of which nothing is known here");
  if (f.find("dropout") && f.number("dropout") != 0)
    f.wrong("dropout", "none: the tokens of a text are always the same");
  file::json const& vocabulary = f.at("vocab");
  if (!vocabulary.is_object()) f.wrong("vocab", "an object of tokens and their numbers");
  std::vector<std::string> texts;
  for (auto const& [text, number] : vocabulary.items()) {
    auto const id = std::size_t(token_number(number, most, f.where() + ".vocab, " + in_quotes(text)));
    if (id >= texts.size()) texts.resize(id + 1);
    if (!texts[id].empty())
      f.refuse("has for " + in_quotes(text) + " and " + in_quotes(texts[id]) + " the same number, " +
               std::to_string(id));
    texts[id] = text;
  }
  to.tokens = token_list(std::move(texts), f.where() + ".vocab");
  language::bpe_options bpe;
  file::json const& merges = f.at("merges");
  if (!merges.is_array()) f.wrong("merges", "a list");
  bpe.merges.reserve(merges.size());
  for (std::size_t k = 0; k < merges.size(); ++k) {
    file::json const& m = merges[k];
    if (m.is_string()) bpe.merges.push_back(merge_of(to.tokens, m.get_ref<std::string const&>(), k, f.where()));
    else if (m.is_array() && m.size() == 2 && m[0].is_string() && m[1].is_string())
      bpe.merges.push_back(
          merge_of(to.tokens, m[0].get_ref<std::string const&>(), m[1].get_ref<std::string const&>(), k, f.where()));
    else f.refuse("has as merge " + std::to_string(k) + " " + shown(m) + ", expected two tokens");
  }
  if (f.find("unk_token")) bpe.unknown = f.text("unk_token");
  bpe.byte_fallback = f.flag("byte_fallback", false);
  bpe.fuse_unknown = f.flag("fuse_unk", false);
  bpe.whole_words = f.flag("ignore_merges", false);
  to.model = std::move(bpe);
}

inline void read_unigram(step_fields const& f, std::size_t most, language::tokenizer_parts& to) {
  file::json const& vocabulary = f.at("vocab");
  if (!vocabulary.is_array()) f.wrong("vocab", "a list of tokens and their scores");
  language::unigram_options unigram;
  std::vector<std::string> texts;
  for (file::json const& one : vocabulary) {
    if (!one.is_array() || one.size() != 2 || !one[0].is_string() || !one[1].is_number())
      f.refuse("has as token " + std::to_string(texts.size()) + " " + shown(one) + ", expected a text and a score");
    texts.push_back(one[0].get<std::string>());
    unigram.scores.push_back(one[1].get<double>());
  }
  to.tokens = token_list(std::move(texts), f.where() + ".vocab");
  if (f.find("unk_id")) unigram.unknown = token_number(f.at("unk_id"), most, f.where() + ".unk_id");
  unigram.byte_fallback = f.flag("byte_fallback", false);
  to.model = std::move(unigram);
}

inline void read_added(file::json const& list, std::size_t most, std::string const& where,
                       language::tokenizer_parts& to) {
  if (!list.is_array()) refuse_file(where, "is " + shown(list) + ", expected a list");
  for (std::size_t k = 0; k < list.size(); ++k) {
    step_fields const f(list[k], where + "[" + std::to_string(k) + "]");
    to.added.push_back({.text = f.text("content"),
                        .id = token_number(f.at("id"), most, f.where() + ".id"),
                        .special = f.flag("special", false),
                        .normalized = f.flag("normalized", !f.flag("special", false)),
                        .single_word = f.flag("single_word", false),
                        .lstrip = f.flag("lstrip", false),
                        .rstrip = f.flag("rstrip", false)});
  }
}

/// A TemplateProcessing's tokens around a single text.
inline void read_template(step_fields const& f, std::size_t most, language::tokenizer_parts& to) {
  file::json const &single = f.at("single"), &special = f.at("special_tokens");
  if (!single.is_array()) f.wrong("single", "a list");
  if (!special.is_object()) f.wrong("special_tokens", "an object");
  std::vector<std::int32_t> before, behind;
  bool text_seen = false;
  for (file::json const& piece : single) {
    if (!piece.is_object() || piece.size() != 1) f.refuse("has in single " + shown(piece) + ", expected an object");
    step_fields const p(piece.begin().value(), f.where() + ".single");
    if (piece.begin().key() == "Sequence") {
      if (std::exchange(text_seen, true)) f.wrong("single", "the text once");
      p.choice("id", {"A"});
    } else if (piece.begin().key() == "SpecialToken") {
      std::string const name = p.text("id");
      auto const found = special.find(name);
      if (found == special.end()) f.refuse("has no " + shown(name) + " in its special_tokens");
      step_fields const token(*found, f.where() + ".special_tokens");
      file::json const& ids = token.at("ids");
      if (!ids.is_array()) token.wrong("ids", "a list of tokens");
      for (file::json const& id : ids)
        (text_seen ? behind : before).push_back(token_number(id, most, f.where() + ".special_tokens"));
    } else {
      f.refuse("has in single " + shown(piece) + ", expected a Sequence or a SpecialToken");
    }
  }
  if (!text_seen) f.wrong("single", "the text in it");
  to.before.insert(to.before.begin(), before.begin(), before.end());
  to.behind.insert(to.behind.end(), behind.begin(), behind.end());
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// What a tokenizer.json says, from bytes that may hold anything; `where` is what messages call it. Raises io_error for
/// what is damaged, and for a kind of model or step that is not known here, naming the known ones. Its truncation and
/// padding are passed over, as transformers does.
inline tokenizer_parts read_tokenizer_json(std::string_view bytes, std::string const& where) {
  file::json const object = file::parse_object(bytes, where);
  detail::step_fields const f(object, where);
  // A token takes more than four bytes of such a file; a few ids may be left out.
  std::size_t const most = std::min(bytes.size() / 4 + 4096, std::size_t(std::numeric_limits<std::int32_t>::max()));
  tokenizer_parts parts;
  parts.where = where;
  detail::step_fields const model(f.at("model"), where + ", model");
  // Old files do not name it.
  char const* const kind = object.at("model").contains("merges") ? "BPE" : "Unigram";
  model.choice("type", {"BPE", "Unigram"}, kind) == 0 ? detail::read_bpe(model, most, parts)
                                                      : detail::read_unigram(model, most, parts);
  if (f.find("added_tokens")) detail::read_added(f.at("added_tokens"), most, where + ", added_tokens", parts);
  detail::each_step(f.find("normalizer"), "normalizers", where + ", normalizer",
                    [&](auto const& s) { detail::read_normalizer(s, parts.normalizer); });
  detail::each_step(f.find("pre_tokenizer"), "pretokenizers", where + ", pre_tokenizer",
                    [&](auto const& s) { detail::read_pre_tokenizer(s, parts.pre_tokenizer); });
  if (f.find("decoder"))
    detail::each_step(f.find("decoder"), "decoders", where + ", decoder",
                      [&, &to = parts.decoder.emplace()](auto const& s) { detail::read_decoder(s, to); });
  detail::each_step(f.find("post_processor"), "processors", where + ", post_processor", [&](auto const& s) {
    if (s.choice("type", {"ByteLevel", "TemplateProcessing"}) == 1) detail::read_template(s, most, parts);
  });
  return parts;
}

}  // namespace COHORT_NAMESPACE::language
