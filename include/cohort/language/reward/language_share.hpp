#pragma once
#include <re2/re2.h>
#include <array>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cohort/language/reward/extract.hpp>
#include <cohort/language/reward/pattern.hpp>
#include <cohort/language/tokenizer/unicode.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// What language_share counts.
enum class share_of { words, letters };

/// Language consistency: the share of the words, or letters, that are in the script of the language,
///
///     words (letters) in the scripts / all words (letters),
///
/// in [0, 1]; absent where there is none, or where `extract` finds nothing. A letter is a character of Unicode's
/// category L whose script is not Common or Inherited; it is in the scripts where its script is one of them. A word is
/// a run of letters and of marks (category M); it is in the scripts where all its letters are. Digits, signs, LaTeX's
/// braces and bytes that are no UTF-8 count nowhere, but part words. A script is not a language: English and French are
/// Latin both, and languages without spaces have long words, for which letters are the better count.
///
///     language_share{}                                                         Latin, words, all of the text
///     language_share{{"Han"}, share_of::letters}
///     language_share{{"Hiragana", "Katakana", "Han"}, share_of::letters, between_tags{"think"}}
///
/// Source: DeepSeek-AI 2025 (DeepSeek-R1), arXiv:2501.12948, 2.3.2: "the proportion of target language words in the
/// CoT", which says no more of it.
template <class Extract = whole_text>
class language_share {
 public:
  explicit language_share(std::vector<std::string> const& scripts = {"Latin"}, share_of unit = share_of::words,
                          Extract extract = {})
      : unit_(unit), extract_(std::move(extract)) {
    if (scripts.empty()) throw value_error("language_share: no script is named");
    std::string any;
    for (auto const& script : scripts) {
      if (script.empty() ||
          script.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") != std::string::npos)
        throw value_error("language_share: \"" + script + "\" is no name of a script, expected one of Unicode's");
      any += "\\p{" + script + "}";
    }
    kinds_ = {detail::compiled_pattern("language_share", "[\\p{Common}\\p{Inherited}]"),
              detail::compiled_pattern("language_share", "[" + any + "]"),
              detail::compiled_pattern("language_share", "\\pL"), detail::compiled_pattern("language_share", "\\pM")};
    for (char32_t c = 0; c < 0x80; ++c) ascii_[c] = kind_of(std::string(1, char(c)));
  }

  template <class Row>
  std::optional<double> operator()(completion<Row> const& c) const {
    return of(c.text);
  }
  std::optional<double> of(std::string_view all) const {
    std::optional<std::string_view> const found = extract_(all);
    if (!found) return std::nullopt;
    std::string_view text = *found;
    double in = 0, count = 0;
    bool letters = false, others = false;  // in the word so far
    auto const end_word = [&] {
      if (unit_ == share_of::words && letters) ++count, in += !others;
      letters = others = false;
    };
    while (!text.empty()) {
      auto const c = detail::character_at(text);
      kind const k = !c.valid ? kind::nothing : c.code < 0x80 ? ascii_[c.code] : kind_of(text.substr(0, c.size));
      text.remove_prefix(c.size);
      if (k == kind::nothing) end_word();
      if (k != kind::inside && k != kind::outside) continue;
      letters = true;
      if (k == kind::outside) others = true;
      if (unit_ == share_of::letters) ++count, in += k == kind::inside;
    }
    end_word();
    return count > 0 ? std::optional(in / count) : std::nullopt;
  }

 private:
  enum class kind : char { nothing, part_of_word, inside, outside };

  kind kind_of(std::string_view character) const {
    auto const is = [&](std::size_t i) {
      return RE2::FullMatch(re2::StringPiece(character.data(), character.size()), *kinds_[i]);
    };
    if (is(3)) return kind::part_of_word;
    if (!is(2)) return kind::nothing;
    return is(0) ? kind::part_of_word : is(1) ? kind::inside : kind::outside;
  }

  std::array<std::shared_ptr<RE2 const>, 4> kinds_;
  std::array<kind, 128> ascii_{};
  share_of unit_;
  Extract extract_;
};

language_share() -> language_share<>;

}  // namespace COHORT_NAMESPACE
