#pragma once
#include <algorithm>
#include <array>
#include <cohort/language/tokenizer/byte_trie.hpp>
#include <cohort/language/tokenizer/pre_tokenizer.hpp>
#include <cohort/language/tokenizer/token_list.hpp>
#include <functional>
#include <optional>
#include <queue>
#include <ranges>

namespace COHORT_NAMESPACE::language {

/// Byte pair encoding: a word is its characters, or bytes, of which the pair that was learned first becomes one token,
/// again and again, the leftmost of equals first.
///
/// Source: Sennrich et al. 2016, arXiv:1508.07909; the options are those of tokenizers' BPE.
struct bpe_options {
  std::vector<std::pair<std::int32_t, std::int32_t>> merges{};  ///< pairs of tokens, the first learned first
  std::vector<std::int32_t> ranks{};     ///< of the merges; empty: their order. Equal ones may be
  std::optional<std::string> unknown{};  ///< the token of a character that is none; absent: it is left out
  bool byte_fallback = false;            ///< such a character is the tokens <0x00> to <0xFF> of its bytes
  bool fuse_unknown = false;             ///< several unknown ones beside each other are one
  bool whole_words = false;              ///< a word that is a token is that token, whatever the merges
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

class bpe_model {
 public:
  /// `bytes`: words come as bytes, and tokens are written in the visible alphabet. Raises io_error, naming `where`, for
  /// a merge whose parts or whole are no tokens.
  bpe_model(token_list const& tokens, language::bpe_options options, bool bytes, std::string const& where)
      : options_(std::move(options)), bytes_(bytes), merges_(options_.merges.size()) {
    auto const name = [&](std::int32_t id) { return in_quotes(tokens[id]); };
    std::string whole;
    for (std::size_t k = 0; k < options_.merges.size(); ++k) {
      auto const [left, right] = options_.merges[k];
      whole.assign(tokens[left]).append(tokens[right]);
      std::int32_t const made = tokens.find(whole);
      if (tokens[left].empty() || tokens[right].empty() || made == token_list::none)
        throw io_error(where + ": merge " + std::to_string(k) + ", of " + name(left) + " and " + name(right) +
                       ", makes " + in_quotes(whole) + ", which is no token");
      auto const rank = std::uint64_t(options_.ranks.empty() ? k : std::size_t(options_.ranks[k]));
      merges_.set(pair(left, right), rank << 32 | std::uint32_t(made));
    }
    options_.merges = {}, options_.ranks = {};
    if (options_.unknown) {
      unknown_ = tokens.find(*options_.unknown);
      if (unknown_ == token_list::none)
        throw io_error(where + ": unk_token is " + in_quotes(*options_.unknown) + ", which is no token");
    }
    fallback_ = options_.byte_fallback;
    for (int b = 0; b < 256; ++b) {
      auto const byte = static_cast<unsigned char>(b);
      char const ascii = char(byte);
      byte_tokens_[byte] = tokens.find_byte(byte);
      if (bytes_) symbols_[byte] = tokens.find(byte_character(byte));
      else symbols_[byte] = b < 128 ? tokens.find({&ascii, 1}) : token_list::none;
    }
  }

  /// Appends the tokens of a word that is not empty. A word in bytes may be any.
  void append(token_list const& tokens, std::string_view word, std::vector<std::int32_t>& to) const {
    if (options_.whole_words) {
      std::int32_t const id = tokens.find(bytes_ ? visible(word) : std::string(word));
      if (id != token_list::none) return to.push_back(id);
    }
    std::size_t const first = to.size();
    begin(tokens, word, to);
    std::size_t const n = to.size() - first;
    if (n > 1) to.resize(first + (n <= 48 ? merge_few(to.data() + first, n) : merge_many(to.data() + first, n)));
  }

  static std::string visible(std::string_view bytes) {
    std::string all;
    for (char c : bytes) all += byte_character(static_cast<unsigned char>(c));
    return all;
  }

 private:
  static constexpr std::uint64_t none = flat_map::none;  // beyond every rank
  static std::uint64_t pair(std::int32_t left, std::int32_t right) {
    return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
  }

  /// The tokens of single characters.
  void begin(token_list const& tokens, std::string_view word, std::vector<std::int32_t>& to) const {
    bool unknown_before = false;
    for (std::size_t size; !word.empty(); word.remove_prefix(size)) {
      auto const lead = static_cast<unsigned char>(word[0]);
      size = bytes_ ? 1 : character_size(word);
      std::int32_t const id = size == 1 ? symbols_[lead] : tokens.find(word.substr(0, size));
      if (id != token_list::none) {
        to.push_back(id), unknown_before = false;
      } else if (auto const character = bytes_ ? std::string_view(byte_character(lead)) : word.substr(0, size);
                 fallback_ && std::ranges::all_of(character, [&](char c) { return of_byte(c) != token_list::none; })) {
        for (char c : character) to.push_back(of_byte(c));
        unknown_before = false;
      } else if (options_.unknown) {
        if (!unknown_before || !options_.fuse_unknown) to.push_back(unknown_);
        unknown_before = true;
      }
    }
  }
  std::int32_t of_byte(char c) const { return byte_tokens_[static_cast<unsigned char>(c)]; }

  /// What becomes of n tokens, in their place; how many are left. Looks at all pairs for each merge.
  std::size_t merge_few(std::int32_t* ids, std::size_t n) const {
    std::array<std::uint64_t, 48> found;  // rank and result of each pair
    for (std::size_t i = 0; i + 1 < n; ++i) found[i] = merges_.find(pair(ids[i], ids[i + 1]));
    while (n > 1) {
      std::size_t best = 0;
      for (std::size_t i = 1; i + 1 < n; ++i)
        if (found[i] >> 32 < found[best] >> 32) best = i;
      if (found[best] == none) break;
      ids[best] = std::int32_t(std::uint32_t(found[best]));
      std::copy(ids + best + 2, ids + n, ids + best + 1);
      std::copy(found.begin() + std::ptrdiff_t(std::min(best + 2, n - 1)), found.begin() + std::ptrdiff_t(n - 1),
                found.begin() + std::ptrdiff_t(best + 1));
      --n;
      if (best + 1 < n) found[best] = merges_.find(pair(ids[best], ids[best + 1]));
      if (best > 0) found[best - 1] = merges_.find(pair(ids[best - 1], ids[best]));
    }
    return n;
  }

  /// The same in time n log n: a queue of ranks and places, some of which later merges have made untrue.
  std::size_t merge_many(std::int32_t* ids, std::size_t n) const {
    struct link {
      std::uint32_t before, behind;
      std::uint64_t found;  // of the pair that begins here; none where the token is gone, too
    };
    std::vector<link> links(n);
    std::vector<std::uint64_t> entries;
    auto rank_at = [&](std::size_t i) { return (links[i].found >> 32) << 32 | i; };
    for (std::size_t i = 0; i < n; ++i) {
      links[i] = {std::uint32_t(i - 1), std::uint32_t(i + 1), none};
      if (i + 1 < n) links[i].found = merges_.find(pair(ids[i], ids[i + 1]));
      if (links[i].found != none) entries.push_back(rank_at(i));
    }
    std::priority_queue queue(std::greater<std::uint64_t>{}, std::move(entries));
    auto renew = [&](std::size_t i, std::size_t next) {
      links[i].found = next < n ? merges_.find(pair(ids[i], ids[next])) : none;
      if (links[i].found != none) queue.push(rank_at(i));
    };
    while (!queue.empty()) {
      std::uint64_t const top = queue.top();
      queue.pop();
      std::size_t const i = top & 0xffffffffu;
      if (links[i].found == none || rank_at(i) != top) continue;
      ids[i] = std::int32_t(std::uint32_t(links[i].found));
      std::size_t const gone = links[i].behind, next = links[gone].behind;
      links[gone].found = none;
      links[i].behind = std::uint32_t(next);
      if (next < n) links[next].before = std::uint32_t(i);
      renew(i, next);
      if (i > 0) renew(links[i].before, i);
    }
    std::size_t left = 0;
    for (std::size_t i = 0; i < n; i = links[i].behind) ids[left++] = ids[i];
    return left;
  }

  language::bpe_options options_;
  bool bytes_, fallback_ = false;
  flat_map merges_;
  std::int32_t unknown_ = token_list::none;
  std::array<std::int32_t, 256> symbols_{}, byte_tokens_{};  // of single bytes as characters, and as <0x..>
};

}  // namespace COHORT_NAMESPACE::detail
