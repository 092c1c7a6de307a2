#pragma once
#include <cohort/error.hpp>
#include <cohort/language/tokenizer/token_decoder.hpp>

namespace COHORT_NAMESPACE::detail {

/// Whether each token adds bytes that depend on nothing but itself and on whether it is the first.
inline bool decodes_apart(std::vector<language::decoder_step> const& steps) {
  using namespace language::text_step;
  bool one_text = false;
  for (auto const& step : steps) {
    if (std::holds_alternative<bytes_of_alphabet>(step) && steps.size() > 1) return false;
    if (std::holds_alternative<fuse>(step)) one_text = true;
    auto const* const strip = std::get_if<strip_character>(&step);
    if (one_text && (std::holds_alternative<replace>(step) || (strip && (strip->start > 1 || strip->stop > 0))))
      return false;
  }
  return true;
}

/// The bytes that a token of this text adds to a decoded one. Tokens of single bytes, and of parts of characters, have
/// these, where a text that ended behind them would have U+FFFD.
inline std::string token_bytes(std::optional<std::vector<language::decoder_step>> const& decoder,
                               std::string_view token, bool first) {
  using namespace language::text_step;
  if (token.empty()) return {};
  if (!decoder) return (first ? "" : " ") + std::string(token);
  if (!decodes_apart(*decoder))
    throw value_error("the tokenizer's decoder gives tokens no bytes of their own, expected one that does");
  bool names = false;
  for (auto const& step : *decoder) {
    names |= std::holds_alternative<bytes_of_names>(step);
    if (!std::holds_alternative<bytes_of_alphabet>(step)) continue;
    std::string bytes;
    for (std::string_view rest = token; !rest.empty();) {
      auto const c = character_at(rest);
      int const byte = byte_of(c.code);
      if (byte < 0) return std::string(token);
      bytes += char(byte);
      rest.remove_prefix(c.size);
    }
    return bytes;
  }
  if (int const byte = names ? byte_of_name(token) : -1; byte >= 0) return {char(byte)};
  token_decoder text(*decoder);
  std::string out;
  constexpr std::string_view before = "x";
  if (!first) text.push(before, out);
  text.push(token, out);
  text.finish(out);
  return first ? out : out.substr(before.size());
}

}  // namespace COHORT_NAMESPACE::detail
