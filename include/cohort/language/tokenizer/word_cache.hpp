#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The tokens of words that came before; empties itself when it is full, at some 4 MiB.
class word_cache {
 public:
  static constexpr std::size_t longest = 64;

  /// The tokens of a word, by make(word, to), which appends them, unless they are known.
  template <class F>
  void append(std::string_view word, std::vector<std::int32_t>& to, F make) {
    if (word.size() > longest) return make(word, to);
    std::size_t const hash = std::hash<std::string_view>{}(word);
    std::size_t i = hash & (slots - 1);
    for (; table_[i].taken; i = (i + 1) & (slots - 1)) {
      entry const& e = table_[i];
      if (e.hash != std::uint32_t(hash >> 32) || std::string_view(letters_).substr(e.text, e.size) != word) continue;
      to.insert(to.end(), tokens_.begin() + e.first, tokens_.begin() + e.first + e.tokens);
      return;
    }
    std::size_t const before = to.size();
    make(word, to);
    std::span const made = std::span(to).subspan(before);
    if (2 * used_ >= slots || letters_.size() > most || tokens_.size() > most) {
      clear();
      i = hash & (slots - 1);
    }
    table_[i] = {std::uint32_t(hash >> 32),  std::uint32_t(letters_.size()), std::uint32_t(tokens_.size()),
                 std::uint16_t(word.size()), std::uint16_t(made.size()),     true};
    letters_ += word;
    tokens_.insert(tokens_.end(), made.begin(), made.end());
    ++used_;
  }

 private:
  static constexpr std::size_t slots = 1 << 16, most = 1 << 19;
  struct entry {
    std::uint32_t hash = 0, text = 0, first = 0;
    std::uint16_t size = 0, tokens = 0;
    bool taken = false;
  };
  void clear() {
    table_.assign(slots, {});
    letters_.clear(), tokens_.clear();
    used_ = 0;
  }

  std::vector<entry> table_ = std::vector<entry>(slots);
  std::string letters_;
  std::vector<std::int32_t> tokens_;
  std::size_t used_ = 0;
};

}  // namespace COHORT_NAMESPACE::detail
