#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// Which of some words is the longest that begins at each byte of a text, in time proportional to the text: an
/// automaton that reads words and texts from their ends, so that a word that begins at a byte ends where it is read.
///
/// Source: Aho and Corasick 1975, Commun. ACM 18, 333.
class longest_match {
 public:
  static constexpr std::int32_t none = -1;

  longest_match() = default;
  /// Words, none empty and none twice.
  template <class Words>
  explicit longest_match(Words const& words) {
    std::vector<std::vector<edge>> levels;  // of the tree of turned words, by depth
    std::int32_t number = 0;
    for (std::string_view word : words) {
      std::int32_t at = 0;
      for (std::size_t depth = 0; depth < word.size(); ++depth) {
        auto byte = static_cast<unsigned char>(word[word.size() - 1 - depth]);
        std::int32_t next = child(at, byte);
        if (next == 0) {
          next = std::int32_t(nodes_.size());
          nodes_.push_back({});
          if (levels.size() <= depth) levels.emplace_back();
          levels[depth].push_back({at, next, byte});
          set_child(at, byte, next);
        }
        at = next;
      }
      nodes_[std::size_t(at)].word = number++;
    }
    for (std::size_t depth = 1; depth < levels.size(); ++depth)
      for (auto const& e : levels[depth]) {
        node& n = nodes_[std::size_t(e.to)];
        n.shorter = step(nodes_[std::size_t(e.from)].shorter, e.byte);
        if (n.word == none) n.word = nodes_[std::size_t(n.shorter)].word;
      }
  }

  /// The number of the longest word at each byte, or none.
  std::vector<std::int32_t> operator()(std::string_view text) const {
    std::vector<std::int32_t> found(text.size(), none);
    std::int32_t at = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
      at = step(at, static_cast<unsigned char>(text[i]));
      found[i] = nodes_[std::size_t(at)].word;
    }
    return found;
  }

 private:
  struct edge {
    std::int32_t from, to;
    unsigned char byte;
  };
  struct node {
    std::int32_t word = none;  // the longest that ends here
    std::int32_t shorter = 0;  // the longest end of what was read that is in the tree, too
  };

  /// 0, the root, where there is none.
  std::int32_t child(std::int32_t at, unsigned char byte) const {
    if (at == 0) return first_[byte];
    auto found = others_.find(std::uint64_t(at) << 8 | byte);
    return found == others_.end() ? 0 : found->second;
  }
  void set_child(std::int32_t at, unsigned char byte, std::int32_t to) {
    if (at == 0) first_[byte] = to;
    else others_.emplace(std::uint64_t(at) << 8 | byte, to);
  }
  std::int32_t step(std::int32_t at, unsigned char byte) const {
    for (;; at = nodes_[std::size_t(at)].shorter)
      if (std::int32_t next = child(at, byte); next != 0 || at == 0) return next;
  }

  std::vector<node> nodes_{1};
  std::array<std::int32_t, 256> first_{};
  std::unordered_map<std::uint64_t, std::int32_t> others_;
};

}  // namespace COHORT_NAMESPACE::detail
