#pragma once
#include <cohort/file/read_object.hpp>
#include <cohort/language/tokenizer/tokenizer_parts.hpp>
#include <filesystem>
#include <initializer_list>
#include <system_error>

// The steps of a tokenizer.json: objects with a type, or a Sequence of them.

namespace COHORT_NAMESPACE::detail {

/// Fields of one object of a tokenizer.json, with the place of it in messages.
struct step_fields : file::json_fields {
  step_fields(file::json const& object, std::string const& place) : file::json_fields(object, checked(object, place)) {}

  using file::json_fields::text;
  std::string text(char const* name, char const* otherwise) const { return find(name) ? text(name) : otherwise; }
  /// One of the texts, by its place among them.
  int choice(char const* name, std::initializer_list<char const*> all, char const* otherwise = nullptr) const {
    std::string const given = otherwise ? text(name, otherwise) : text(name);
    std::string expected;
    int k = 0;
    for (char const* one : all) {
      if (given == one) return k;
      expected += std::string(k++ ? ", \"" : "one of \"") + one + '"';
    }
    wrong(name, expected);
  }
  int count(char const* name) const {
    file::json const& value = at(name);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 1000) wrong(name, "a number from 0 to 1000");
    return value.get<int>();
  }
  /// {"String": ...} or {"Regex": ...}.
  pattern matcher(char const* name) const {
    file::json const& value = at(name);
    if (value.is_object() && value.size() == 1 && value.begin()->is_string()) {
      auto const text = value.begin()->get<std::string>();
      if (value.begin().key() == "String") return pattern::literal(text, where());
      if (value.begin().key() == "Regex") return pattern::regex(text, where());
    }
    wrong(name, "{\"String\": ...} or {\"Regex\": ...}");
  }

 private:
  static std::string const& checked(file::json const& object, std::string const& place) {
    if (!object.is_object()) refuse_file(place, "is " + shown(object) + ", expected an object");
    return place;
  }
};

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// A folder's tokenizer_config.json; an empty object where it has none.
inline file::json read_tokenizer_config(std::filesystem::path const& folder) {
  auto const path = folder / "tokenizer_config.json";
  std::error_code absent;
  return std::filesystem::exists(path, absent) ? detail::read_object(path) : file::json::object();
}

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// Of a tokenizer_config.json: a token's text, which may be in an object; empty where there is none.
inline std::string token_text(file::json_fields const& fields, char const* name) {
  file::json const* value = fields.find(name);
  if (value && value->is_object() && value->contains("content")) value = &value->at("content");
  if (value && !value->is_string()) fields.wrong(name, "a token's text");
  return value ? value->get<std::string>() : "";
}

/// read(fields) of each step that an object is, a Sequence's in their order. Nothing for null.
template <class F>
void each_step(file::json const* object, char const* list, std::string const& where, F read) {
  if (!object || object->is_null()) return;
  step_fields const fields(*object, where);
  if (fields.text("type") != "Sequence") return read(fields);
  file::json const& all = fields.at(list);
  if (!all.is_array()) fields.wrong(list, "a list");
  for (std::size_t k = 0; k < all.size(); ++k)
    each_step(&all[k], list, where + "." + list + "[" + std::to_string(k) + "]", read);
}

inline void read_normalizer(step_fields const& f, std::vector<language::normalizer_step>& to) {
  namespace step = language::text_step;
  switch (f.choice("type", {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Replace", "Prepend", "Strip"})) {
    case 0:
      return to.push_back(step::form::nfc);
    case 1:
      return to.push_back(step::form::nfd);
    case 2:
      return to.push_back(step::form::nfkc);
    case 3:
      return to.push_back(step::form::nfkd);
    case 4:
      return to.push_back(step::lowercase{});
    case 5:
      return to.push_back(step::replace{f.matcher("pattern"), f.text("content")});
    case 6:
      return to.push_back(step::prepend{f.text("prepend")});
    default:
      return to.push_back(step::strip{f.flag("strip_left", true), f.flag("strip_right", true)});
  }
}

/// GPT-2's words.
inline constexpr char gpt2_words[] = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

inline language::text_step::prepending prepending_of(step_fields const& f) {
  auto const how = language::text_step::prepending(f.choice("prepend_scheme", {"always", "first", "never"}, "always"));
  if (f.flag("add_prefix_space", true)) return how;
  if (f.find("prepend_scheme") && how != language::text_step::prepending::never)
    f.wrong("prepend_scheme", "\"never\", since add_prefix_space is false");
  return language::text_step::prepending::never;
}
inline std::string mark_of(step_fields const& f) {
  std::string const mark = f.text("replacement");
  if (mark.empty() || character_size(mark) != mark.size()) f.wrong("replacement", "one character");
  return mark;
}

inline void read_pre_tokenizer(step_fields const& f, std::vector<language::pre_tokenizer_step>& to) {
  namespace step = language::text_step;
  using enum step::matches;
  auto split = [&](char const* regex, step::matches how, bool inverted = false) {
    to.push_back(step::split{pattern::regex(regex, f.where()), how, inverted});
  };
  auto const behavior = [&](char const* otherwise = nullptr) {
    return step::matches(
        f.choice("behavior", {"Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"}, otherwise));
  };
  switch (
      f.choice("type", {"ByteLevel", "Split", "Digits", "Metaspace", "Whitespace", "WhitespaceSplit", "Punctuation"})) {
    case 0:
      if (f.flag("add_prefix_space", true)) to.push_back(step::prefix_space{});
      if (f.flag("use_regex", true)) split(gpt2_words, isolated);
      return to.push_back(step::byte_alphabet{});
    case 1:
      return to.push_back(step::split{f.matcher("pattern"), behavior(), f.flag("invert", false)});
    case 2:
      return split(R"(\p{N})", f.flag("individual_digits", false) ? isolated : contiguous);
    case 3:
      return to.push_back(step::metaspace{mark_of(f), prepending_of(f), f.flag("split", true)});
    case 4:
      return split(R"(\w+|[^\w\s]+)", removed, true);
    case 5:
      return split(R"(\s)", removed);
    default:
      return split(R"([\p{P}!-/:-@\x{5b}-`{-~])", behavior("Isolated"));
  }
}

inline void read_decoder(step_fields const& f, std::vector<language::decoder_step>& to) {
  namespace step = language::text_step;
  switch (f.choice("type", {"ByteLevel", "Metaspace", "ByteFallback", "Fuse", "Replace", "Strip"})) {
    case 0:
      return to.push_back(step::bytes_of_alphabet{});
    case 1:
      return to.push_back(step::spaces_of_marks{mark_of(f), prepending_of(f) != step::prepending::never});
    case 2:
      for (auto const& before : to)
        if (std::holds_alternative<step::fuse>(before) || std::holds_alternative<step::bytes_of_alphabet>(before))
          f.refuse("is a ByteFallback behind what makes all tokens one");
      return to.push_back(step::bytes_of_names{});
    case 3:
      return to.push_back(step::fuse{});
    case 4:
      return to.push_back(step::replace{f.matcher("pattern"), f.text("content")});
    default: {
      std::string const character = f.text("content");
      if (character.empty() || character_size(character) != character.size()) f.wrong("content", "one character");
      return to.push_back(
          step::strip_character{character, std::size_t(f.count("start")), std::size_t(f.count("stop"))});
    }
  }
}

}  // namespace COHORT_NAMESPACE::detail
