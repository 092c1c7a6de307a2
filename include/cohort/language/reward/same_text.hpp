#pragma once
#include <utf8proc.h>
#include <cohort/language/tokenizer/unicode.hpp>
#include <string>
#include <string_view>

namespace COHORT_NAMESPACE {

/// A text as SQuAD's exact match compares it: in lower case, without ASCII's punctuation, without the words a, an and
/// the, and with single spaces between the words. In that order: "the-end" is "theend". Letters and digits, which say
/// where a word ends, and cases are Unicode's; lower case is character for character, as in C++ and not as in Python,
/// where a capital I with a dot becomes two and a sigma looks at its neighbors. What is no UTF-8 is kept.
///
/// Source: normalize_answer of SQuAD 1.1's evaluation (Rajpurkar et al. 2016, arXiv:1606.05250).
inline std::string squad_normalized(std::string_view text) {
  auto const category = [](char32_t c) { return utf8proc_category(utf8proc_int32_t(c)); };
  auto const in_word = [&](char32_t c) {
    auto const k = category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO);
  };
  auto const space = [&](char32_t c) {
    auto const k = category(c);
    return (c >= 9 && c <= 13) || (c >= 28 && c <= 31) || c == 0x85 || k == UTF8PROC_CATEGORY_ZS ||
           k == UTF8PROC_CATEGORY_ZL || k == UTF8PROC_CATEGORY_ZP;
  };
  std::string normal, word;  // `word`: the letters and digits since the last character that is neither
  bool gap = false;          // a space is to come before what follows
  auto const add = [&](std::string_view part) {
    if (gap && !normal.empty()) normal += ' ';
    gap = false;
    normal += part;
  };
  auto const end_word = [&] {
    if (word == "a" || word == "an" || word == "the") gap = true;
    else if (!word.empty()) add(word);
    word.clear();
  };
  while (!text.empty()) {
    auto const c = detail::character_at(text);
    std::string_view const bytes = text.substr(0, c.size);
    text.remove_prefix(c.size);
    char32_t const low = c.valid ? char32_t(utf8proc_tolower(utf8proc_int32_t(c.code))) : 0;
    bool const ascii = c.valid && c.code < 0x80;
    if (ascii && c.code > ' ' && c.code < 0x7f && !in_word(c.code)) continue;
    if (c.valid && in_word(low)) {
      detail::append_character(word, low);
      continue;
    }
    end_word();
    if (c.valid && space(c.code)) gap = true;
    else if (std::string other; c.valid) detail::append_character(other, low), add(other);
    else add(bytes);
  }
  end_word();
  return normal;
}

/// Texts are one where SQuAD's normalization makes them one: "The Eiffel Tower." is "eiffel tower".
struct same_text {
  bool operator()(std::string_view given, std::string_view wanted) const {
    return squad_normalized(given) == squad_normalized(wanted);
  }
};

}  // namespace COHORT_NAMESPACE
