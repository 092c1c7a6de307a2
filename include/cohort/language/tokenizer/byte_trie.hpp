#pragma once
#include <array>
#include <bit>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// A map from 64-bit keys to 64-bit values in one array: open addressing, of which at least half is free.
class flat_map {
 public:
  static constexpr std::uint64_t none = ~std::uint64_t(0);

  explicit flat_map(std::size_t expected = 0)
      : slots_(std::bit_ceil(2 * expected + 2)), shift_(64 - int(std::bit_width(slots_.size() - 1))) {}

  std::uint64_t find(std::uint64_t key) const {
    for (std::size_t i = place(key);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].first == key) return slots_[i].second;
      if (slots_[i].first == none) return none;
    }
  }
  /// Takes the place of what the key had.
  void set(std::uint64_t key, std::uint64_t value) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    std::size_t i = place(key);
    while (slots_[i].first != none && slots_[i].first != key) i = (i + 1) & (slots_.size() - 1);
    size_ += slots_[i].first == none;
    slots_[i] = {key, value};
  }

 private:
  struct slot {
    std::uint64_t first = none, second = none;
  };
  std::size_t place(std::uint64_t key) const { return std::size_t(key * 0x9e3779b97f4a7c15u >> shift_); }
  void grow() {
    flat_map larger(slots_.size());
    for (auto const& s : slots_)
      if (s.first != none) larger.set(s.first, s.second);
    *this = std::move(larger);
  }

  std::vector<slot> slots_;
  int shift_;
  std::size_t size_ = 0;
};

/// Words, and which of them a text begins with.
class byte_trie {
 public:
  static constexpr std::int32_t none = -1;

  void add(std::string_view word, std::int32_t number) {
    std::uint32_t at = 0;
    for (char c : word) {
      auto const byte = static_cast<unsigned char>(c);
      std::uint32_t next = child(at, byte);
      if (next == 0) {
        next = std::uint32_t(words_.size());
        words_.push_back(none);
        if (at == 0) first_[byte] = next;
        else others_.set(std::uint64_t(at) << 8 | byte, next);
      }
      at = next;
    }
    words_[at] = number;
  }
  bool begins_with(char c) const { return first_[static_cast<unsigned char>(c)] != 0; }

  /// f(size, number) of each word that the text begins with, shorter ones first.
  template <class F>
  void prefixes(std::string_view text, F f) const {
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      at = child(at, static_cast<unsigned char>(text[i]));
      if (at == 0) return;
      if (words_[at] != none) f(i + 1, words_[at]);
    }
  }

 private:
  std::uint32_t child(std::uint32_t at, unsigned char byte) const {
    if (at == 0) return first_[byte];
    auto const found = others_.find(std::uint64_t(at) << 8 | byte);
    return found == flat_map::none ? 0 : std::uint32_t(found);
  }

  std::vector<std::int32_t> words_{none};  // of each node
  std::array<std::uint32_t, 256> first_{};
  flat_map others_;
};

}  // namespace COHORT_NAMESPACE::detail
