#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/task/longest_match.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// What a vocabulary is made of. Tokens are numbered in this order: the characters, or the 256 bytes, from 0; then the
/// special tokens.
struct alphabet {
  std::optional<std::string>
      characters{};  ///< each code point of this UTF-8 text is a token; absent: each byte is, so no text is outside
  std::vector<std::string> special{};  ///< texts that are one token each, such as <pad> or <answer>
  std::string stop{};                  ///< which of these tokens ends a completion; empty: none
};

enum class special_tokens { written, left_out };

/// Texts as tokens and back, for small models: a token is a character, a byte, or a special token.
///
///     vocabulary words{{.characters = "0123456789+=", .special = {"<pad>", "<end>"}, .stop = "<end>"}};
///     std::vector<std::int32_t> ids = words.encode("1+2=3<end>");             1 10 2 11 3 13
///     std::string text = words.decode(ids, special_tokens::left_out);         1+2=3
///
/// Where special tokens begin alike the longest is taken. decode(encode(text)) is the text; the reverse need not hold,
/// since a model may write a special token's name by its characters, or bytes that are no UTF-8. A character outside
/// the alphabet, malformed UTF-8, an id outside the vocabulary, and a token that is there twice are value_errors that
/// say which and where.
class vocabulary {
 public:
  explicit vocabulary(alphabet const& a) : bytes_(!a.characters) {
    if (bytes_)
      for (int byte = 0; byte < 256; ++byte) add(std::string(1, char(byte)));
    else
      for (std::string_view rest = *a.characters; !rest.empty(); rest.remove_prefix(tokens_.back().size()))
        add(first(rest, *a.characters));
    characters_ = size();
    for (std::string const& name : a.special) {
      if (name.empty())
        throw value_error("vocabulary: special token " + std::to_string(size() - characters_) + " is empty");
      add(name);
    }
    special_ = detail::longest_match(a.special);
    if (tokens_.empty()) throw value_error("vocabulary: there is no token, neither a character nor a special one");
    if (!a.stop.empty()) stop_ = id(a.stop);
  }

  std::int32_t size() const { return std::int32_t(tokens_.size()); }
  /// The token of a character or special token, by its text.
  std::int32_t id(std::string_view text) const {
    auto found = ids_.find(std::string(text));
    if (found == ids_.end())
      throw value_error("vocabulary: \"" + std::string(text) + "\" is none of its " + std::to_string(size()) +
                        " tokens");
    return found->second;
  }
  std::string_view text(std::int32_t id) const {
    if (id < 0 || id >= size()) throw value_error("vocabulary: " + unknown(id));
    return tokens_[std::size_t(id)];
  }
  bool is_special(std::int32_t id) const { return id >= characters_ && id < size(); }
  std::optional<std::int32_t> stop() const { return stop_; }

  std::vector<std::int32_t> encode(std::string_view text) const {
    std::vector<std::int32_t> ids;
    ids.reserve(text.size());
    auto special = special_(text);
    for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(tokens_[std::size_t(ids.back())].size())) {
      auto here = special[text.size() - rest.size()];
      ids.push_back(here == detail::longest_match::none ? character(rest, text) : characters_ + here);
    }
    return ids;
  }
  std::string decode(std::span<std::int32_t const> ids, special_tokens special = special_tokens::written) const {
    std::string result;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0 || ids[i] >= size())
        throw value_error("vocabulary: at place " + std::to_string(i) + " " + unknown(ids[i]));
      if (special == special_tokens::written || !is_special(ids[i])) result += tokens_[std::size_t(ids[i])];
    }
    return result;
  }

 private:
  bool bytes_;
  std::int32_t characters_ = 0;
  std::vector<std::string> tokens_;
  detail::longest_match special_;
  std::unordered_map<std::string, std::int32_t> ids_;
  std::optional<std::int32_t> stop_;

  void add(std::string token) {
    auto [other, is_new] = ids_.emplace(token, size());
    if (!is_new)
      throw value_error("vocabulary: \"" + token + "\" is there twice, as token " + std::to_string(other->second) +
                        " and again");
    tokens_.push_back(std::move(token));
  }
  std::string unknown(std::int32_t id) const {
    return "the id is " + std::to_string(id) + ", expected 0 to " + std::to_string(size() - 1);
  }
  /// The bytes of the code point, or the byte, that `rest`, the end of `all`, begins with.
  std::string first(std::string_view rest, std::string_view all) const {
    auto lead = static_cast<unsigned char>(rest[0]);
    auto from = [lead](int low, int high) { return lead >= low && lead < high; };
    std::size_t length = bytes_ || from(0, 0x80) ? 1
                         : from(0xC2, 0xE0)      ? 2
                         : from(0xE0, 0xF0)      ? 3
                         : from(0xF0, 0xF5)      ? 4
                                                 : 0;
    auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    std::string_view character = rest.substr(0, length);
    if (length == 0 || character.size() < length || !std::all_of(character.begin() + 1, character.end(), continues))
      throw value_error("vocabulary: the text is not UTF-8 at byte " + std::to_string(all.size() - rest.size()) +
                        ", which is " + hexadecimal(lead));
    return std::string(character);
  }
  std::int32_t character(std::string_view rest, std::string_view all) const {
    std::string c = first(rest, all);
    auto found = ids_.find(c);
    if (found != ids_.end()) return found->second;
    std::string shown = c.size() > 1 || c[0] > ' ' ? "\"" + c + "\"" : hexadecimal(static_cast<unsigned char>(c[0]));
    throw value_error("vocabulary: the character " + shown + " at byte " + std::to_string(all.size() - rest.size()) +
                      " of \"" + std::string(all) + "\" is none of the alphabet's " + std::to_string(characters_));
  }
  static std::string hexadecimal(unsigned char byte) {
    return {'0', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  }
};

}  // namespace COHORT_NAMESPACE
