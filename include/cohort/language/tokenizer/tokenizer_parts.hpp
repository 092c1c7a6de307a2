#pragma once
#include <cohort/language/tokenizer/added_tokens.hpp>
#include <cohort/language/tokenizer/bpe.hpp>
#include <cohort/language/tokenizer/token_decoder.hpp>
#include <cohort/language/tokenizer/unigram.hpp>

namespace COHORT_NAMESPACE::language {

/// What a tokenizer is made of. tokenizer.json has all of it (read_tokenizer_json); other files say some of it by a
/// name (pre_tokenizer_of, sentencepiece_parts).
struct tokenizer_parts {
  std::string where = "tokenizer";  ///< what messages call it
  detail::token_list tokens{};      ///< the model's: detail::token_list(texts, where)
  std::variant<bpe_options, unigram_options> model{};
  std::vector<normalizer_step> normalizer{};
  std::vector<pre_tokenizer_step> pre_tokenizer{};
  std::optional<std::vector<decoder_step>> decoder{};  ///< absent: the tokens with spaces between them
  std::vector<added_token> added{};                    ///< of the model's tokens, or others with numbers of their own
  bool added_as_written = false;  ///< normalized ones are looked for as they are, and not as a normalizer writes them
  std::vector<std::int32_t> before{}, behind{};  ///< what encode puts around a text
  std::optional<std::int32_t> begin{}, end{};    ///< where known: the tokens that begin and end a text
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// The merge that a line "left right" is, of tokens that have no spaces. Raises io_error for any other.
inline std::pair<std::int32_t, std::int32_t> merge_of(token_list const& tokens, std::string_view left,
                                                      std::string_view right, std::size_t number,
                                                      std::string const& where) {
  std::pair const ids{tokens.find(left), tokens.find(right)};
  for (auto const& [id, text] : {std::pair{ids.first, left}, std::pair{ids.second, right}})
    if (id == token_list::none)
      throw io_error(where + ": merge " + std::to_string(number) + " is of " + in_quotes(text) +
                     ", expected two of the vocabulary's tokens");
  return ids;
}
inline std::pair<std::int32_t, std::int32_t> merge_of(token_list const& tokens, std::string_view line,
                                                      std::size_t number, std::string const& where) {
  std::size_t const space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
    throw io_error(where + ": merge " + std::to_string(number) + " is " + in_quotes(line) +
                   ", expected two tokens with a space between them");
  return merge_of(tokens, line.substr(0, space), line.substr(space + 1), number, where);
}

}  // namespace COHORT_NAMESPACE::detail
