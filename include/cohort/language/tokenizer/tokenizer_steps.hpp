#pragma once
#include <cohort/language/tokenizer/new_tokenizer_json.hpp>

// Which of the ways that have names a tokenizer.json takes texts apart.

namespace COHORT_NAMESPACE::detail {

/// The steps before the model, in words that two files have in common if the steps do the same.
struct text_steps {
  std::vector<std::string> normalizer, pre_tokenizer;
  bool operator==(text_steps const&) const = default;

  text_steps(file::json const& tokenizer, std::string const& where) {
    each_step(find(tokenizer, "normalizer"), "normalizers", where + ", normalizer",
              [&](step_fields const& f) { normalizer.push_back(f.object().dump()); });
    bool const marked =
        !normalizer.empty() && normalizer.back() == file::json(replace_json("String", " ", space_mark)).dump();
    each_step(find(tokenizer, "pre_tokenizer"), "pretokenizers", where + ", pre_tokenizer",
              [&](step_fields const& f) { add(f, marked); });
  }

 private:
  static file::json const* find(file::json const& object, char const* name) {
    auto const found = object.find(name);
    return found == object.end() ? nullptr : &*found;
  }
  void add(step_fields const& f, bool marked) {
    auto split = [&](std::string const& regex) { pre_tokenizer.push_back("split " + regex); };
    std::string const type = f.text("type");
    if (type == "ByteLevel") {
      if (f.flag("add_prefix_space", true)) pre_tokenizer.push_back("space before");
      if (f.flag("use_regex", true)) split(gpt2_words);
      return pre_tokenizer.push_back("bytes");
    }
    if (type == "Digits" && f.flag("individual_digits", false)) return split(R"(\p{N})");
    if (type == "Split") {
      file::json const& pattern = f.at("pattern");
      if (marked && pattern == file::json{{"String", " "}}) return;  // of which there are none any more
      if (pattern.contains("Regex") && f.text("behavior") == "Isolated" && !f.flag("invert", false))
        return split(step_fields(pattern, f.where()).text("Regex"));
    }
    pre_tokenizer.push_back(f.object().dump());
  }
};

/// The steps of both as a message shows them.
inline std::string shown_steps(file::json const& tokenizer) {
  auto const text = [&](char const* name) {
    auto const found = tokenizer.find(name);
    std::string const all = found == tokenizer.end() ? "null" : found->dump();
    return std::string(name) + " " + (all.size() > 300 ? all.substr(0, 300) + "..." : all);
  };
  return text("normalizer") + " and " + text("pre_tokenizer");
}

/// The named pattern of a byte-level BPE. Raises io_error where it is none.
inline named_pattern const& pattern_of(file::json const& tokenizer, bool whole_words, std::string const& where) {
  text_steps const given(tokenizer, where);
  std::string known;
  for (auto const& each : named_patterns()) {
    if (each.whole_words == whole_words && text_steps(file::json(steps_json(each)), where) == given) return each;
    known += (known.empty() ? "\"" : ", \"") + std::string(each.names.front()) + '"';
  }
  refuse_file(where, "has the " + shown_steps(tokenizer) + (whole_words ? " with ignore_merges" : "") +
                         ", which is none of the pre-tokenizers that GGUF has names for and are known here: " + known);
}

/// Whether a tokenizer.json of sentencepiece's puts a space before each text. Raises io_error where its steps do more
/// than that and making marks of spaces, or a space is put before some texts only, as no GGUF file can say.
inline bool puts_space_before(file::json const& tokenizer, std::string const& where) {
  text_steps const given(tokenizer, where);
  for (bool spaced : {true, false})
    if (text_steps(file::json(sentencepiece_steps_json(spaced)), where) == given) return spaced;
  file::json const marks_alone = {
      {"pre_tokenizer",
       {{"type", "Metaspace"}, {"replacement", space_mark}, {"prepend_scheme", "never"}, {"split", false}}}};
  if (text_steps(marks_alone, where) == given) return false;
  refuse_file(where, "has the " + shown_steps(tokenizer) +
                         ", expected what a GGUF file can say: a space before each text or before none, and marks in "
                         "the place of spaces");
}

}  // namespace COHORT_NAMESPACE::detail
