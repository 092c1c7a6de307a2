#pragma once
#include <algorithm>
#include <cohort/language/reward/completion.hpp>
#include <cohort/language/reward/tags.hpp>
#include <cstddef>
#include <string>

namespace COHORT_NAMESPACE {

namespace detail {

/// UTF-8's code points.
inline double characters_in(std::string_view text) {
  return double(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace detail

/// A way up to the format: an eighth for each of four tags that stands once, with the line breaks of the published
/// format, and a little less for each character behind the last:
///
///     + 1/8  "<reasoning>\n" stands once
///     + 1/8  "\n</reasoning>\n" stands once
///     + 1/8  "\n<answer>\n" stands once;   - 0.001 a character behind the last "\n</answer>\n", all where there is
///     none
///     + 1/8  "\n</answer>" stands once;    - 0.001 a character behind it, but one
///
/// So 0.501 at best, for a text that ends with "</answer>" has 0.001 of the last line and loses all of its length by
/// the one before; with a line break at its end it has 0.5. Characters are UTF-8's code points. Unitless.
///
/// Source: xmlcount_reward_func of the GRPO example for GSM8K by W. Brown, whose numbers these are.
struct tag_count {
  format_tags tags{};       ///< space is not read
  double each = .125;       ///< for a tag
  double character = .001;  ///< off for a character behind the answer

  template <class Row>
  double operator()(completion<Row> const& c) const {
    return count(c.text);
  }
  double count(std::string_view text) const {
    std::string const close = "\n</" + tags.answer + ">";
    double sum = 0;
    if (once(text, "<" + tags.reasoning + ">\n")) sum += each;
    if (once(text, "\n</" + tags.reasoning + ">\n")) sum += each;
    if (once(text, "\n<" + tags.answer + ">\n")) sum += each - behind(text, close + "\n") * character;
    if (once(text, close)) sum += each - (behind(text, close) - 1) * character;
    return sum;
  }

 private:
  static bool once(std::string_view text, std::string const& part) {
    std::size_t const at = text.find(part);
    return at != text.npos && text.find(part, at + part.size()) == text.npos;
  }
  static double behind(std::string_view text, std::string const& part) {
    for (std::size_t at; (at = text.find(part)) != text.npos;) text.remove_prefix(at + part.size());
    return detail::characters_in(text);
  }
};

}  // namespace COHORT_NAMESPACE
