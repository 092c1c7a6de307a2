#pragma once
#include <algorithm>
#include <cohort/language/tokenizer/byte_trie.hpp>
#include <cohort/language/tokenizer/token_list.hpp>
#include <cohort/language/tokenizer/unicode.hpp>
#include <optional>

namespace COHORT_NAMESPACE::language {

/// A token that is found in a text as it stands, before the model sees the rest.
struct added_token {
  std::string text{};
  std::int32_t id = -1;
  bool special = true;       ///< not the user's words: may be left out of what is decoded, and not looked for in texts
  bool normalized = false;   ///< looked for, as the normalizer writes it, in the normalized text
  bool single_word = false;  ///< only where no letter or digit is beside it
  bool lstrip = false, rstrip = false;  ///< takes the white space before it, behind it
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// Where added tokens are in a text: of those that begin at the leftmost place, the longest.
class added_matcher {
 public:
  void add(language::added_token token) {
    if (token.text.empty()) return;
    trie_.add(token.text, std::int32_t(tokens_.size()));
    tokens_.push_back(std::move(token));
  }

  /// f(begin, end, id) of the tokens and, with none for id, of what is between them, in a valid text.
  template <class F>
  void parts(std::string_view text, bool with_special, F f) const {
    std::size_t done = 0;
    for (std::size_t at = 0; !tokens_.empty() && at < text.size();) {
      std::size_t size = 0;
      std::int32_t number = token_list::none;
      if (trie_.begins_with(text[at]))
        trie_.prefixes(text.substr(at), [&](std::size_t n, std::int32_t found) { size = n, number = found; });
      if (number == token_list::none) {
        ++at;
        continue;
      }
      language::added_token const& token = tokens_[std::size_t(number)];
      std::size_t begin = at, end = at + size;
      at = end;
      if (token.special && !with_special) continue;
      if (token.single_word && (is_word_before(text, begin) || is_word_at(text, end))) continue;
      if (token.lstrip) begin = std::max(begin - trailing_space(text.substr(0, begin)), done);
      if (token.rstrip) end += leading_space(text.substr(end));
      if (done < begin) f(done, begin, token_list::none);
      f(begin, end, token.id);
      done = end;
    }
    if (done < text.size()) f(done, text.size(), token_list::none);
  }

 private:
  static bool is_word_at(std::string_view text, std::size_t at) {
    return at < text.size() && is_word(character_at(text.substr(at)).code);
  }
  static bool is_word_before(std::string_view text, std::size_t at) {
    return at > 0 && is_word_at(text, last_character(text.substr(0, at)));
  }

  std::vector<language::added_token> tokens_;
  byte_trie trie_;
};

}  // namespace COHORT_NAMESPACE::detail
