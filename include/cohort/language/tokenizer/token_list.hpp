#pragma once
#include <cohort/error.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// A text as a message shows it: short, and ASCII whatever it holds.
inline std::string in_quotes(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text.substr(0, 60)) {
    if (auto const byte = static_cast<unsigned char>(c); byte < 32 || byte > 126)
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    else out += c;
  }
  return out + (text.size() > 60 ? "...\"" : "\"");
}

/// The texts of a model's tokens by number, and the numbers by text. A text that is empty is no token.
class token_list {
 public:
  static constexpr std::int32_t none = -1;

  token_list() = default;
  token_list(token_list&&) = default;
  token_list& operator=(token_list&&) = default;
  /// Raises io_error, naming `where`, for a text that two tokens have.
  token_list(std::vector<std::string> texts, std::string const& where) : texts_(std::move(texts)) {
    if (texts_.size() > std::size_t(std::numeric_limits<std::int32_t>::max()))
      throw io_error(where + ": there are " + std::to_string(texts_.size()) + " tokens, expected at most 2147483647");
    ids_.reserve(texts_.size());
    for (std::size_t id = 0; id < texts_.size(); ++id) {
      if (texts_[id].empty()) continue;
      auto const [first, is_new] = ids_.emplace(texts_[id], std::int32_t(id));
      if (!is_new)
        throw io_error(where + ": the tokens " + std::to_string(first->second) + " and " + std::to_string(id) +
                       " are both " + in_quotes(texts_[id]));
    }
  }

  std::int32_t size() const { return std::int32_t(texts_.size()); }
  /// Its text; empty where there is no such token.
  std::string_view operator[](std::int32_t id) const {
    return id >= 0 && id < size() ? std::string_view(texts_[std::size_t(id)]) : std::string_view();
  }
  std::int32_t find(std::string_view text) const {
    auto const found = ids_.find(text);
    return found == ids_.end() ? none : found->second;
  }
  /// <0x00> to <0xFF>, which stand for bytes.
  std::int32_t find_byte(unsigned char byte) const {
    static constexpr char digits[] = "0123456789ABCDEF";
    char const name[] = {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
    return find({name, sizeof name});
  }

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string_view, std::int32_t> ids_;  // keys are views of texts_, which never changes
};

}  // namespace COHORT_NAMESPACE::detail
