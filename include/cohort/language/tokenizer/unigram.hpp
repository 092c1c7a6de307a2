#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/language/tokenizer/byte_trie.hpp>
#include <cohort/language/tokenizer/token_list.hpp>
#include <cohort/language/tokenizer/unicode.hpp>
#include <optional>
#include <ranges>

namespace COHORT_NAMESPACE::language {

/// A word is the tokens whose scores have the largest sum; a character that no token has alone may be the unknown one,
/// 10 below the least score.
///
/// Source: Kudo 2018, arXiv:1804.10959; the constants are sentencepiece's.
struct unigram_options {
  std::vector<double> scores{};           ///< of each token
  std::optional<std::int32_t> unknown{};  ///< several beside each other are one
  std::vector<bool> hidden{};             ///< tokens that no text has, such as those of bytes; empty: none
  bool single = false;                    ///< sums are rounded to float, as sentencepiece's are and tokenizers' not
  bool byte_fallback = false;             ///< they are the tokens <0x00> to <0xFF> of their bytes
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

class unigram_model {
 public:
  unigram_model(token_list const& tokens, language::unigram_options options, std::string const& where)
      : options_(std::move(options)) {
    auto refuse = [&](std::string const& what) { throw io_error(where + ": " + what); };
    if (options_.scores.size() != std::size_t(tokens.size()))
      refuse("there are " + std::to_string(options_.scores.size()) + " scores of " + std::to_string(tokens.size()) +
             " tokens");
    if (!options_.hidden.empty() && options_.hidden.size() != options_.scores.size())
      refuse("there are " + std::to_string(options_.hidden.size()) + " marks of " + std::to_string(tokens.size()) +
             " tokens");
    if (options_.unknown && (*options_.unknown < 0 || *options_.unknown >= tokens.size()))
      refuse("unk_id is " + std::to_string(*options_.unknown) + ", expected one of the " +
             std::to_string(tokens.size()) + " tokens");
    for (std::int32_t id = 0; id < tokens.size(); ++id) {
      double const score = options_.scores[std::size_t(id)];
      if (!std::isfinite(score))
        refuse("the score of token " + std::to_string(id) + " is " + text(score) + ", expected a finite number");
      if (is_hidden(id)) continue;
      least_ = std::min(least_, score);
      if (!tokens[id].empty()) trie_.add(tokens[id], id);
    }
  }

  /// Appends the tokens of a valid text. Raises cohort_error where there is no unknown token and one is needed.
  void append(token_list const& tokens, std::string_view text, std::vector<std::int32_t>& to) const {
    struct node {
      double score = 0;
      std::size_t begin = nowhere;
      std::int32_t id = token_list::none;
    };
    std::vector<node> best(text.size() + 1);  // of what ends at each byte
    for (std::size_t at = 0; at < text.size();) {
      double const before = best[at].score;
      std::size_t const one = character_size(text.substr(at));
      bool alone = false;
      auto offer = [&](std::size_t size, std::int32_t id, double score) {
        node& end = best[at + size];
        double const sum = options_.single ? double(float(score + before)) : score + before;
        if (end.begin == nowhere || sum > end.score) end = {sum, at, id};
      };
      trie_.prefixes(text.substr(at), [&](std::size_t size, std::int32_t id) {
        offer(size, id, options_.scores[std::size_t(id)]);
        alone |= size == one;
      });
      if (!alone) offer(one, unknown, least_ - 10);
      at += one;
    }
    std::size_t const first = to.size();
    for (std::size_t end = text.size(); end > 0;) {
      node const* n = &best[end];
      std::size_t begin = n->begin;
      if (is_unknown(n->id)) {
        while (begin > 0 && is_unknown(best[begin].id)) begin = best[begin].begin;
        append_unknown(tokens, text.substr(begin, end - begin), to);
      } else {
        to.push_back(n->id);
      }
      end = begin;
    }
    std::reverse(to.begin() + std::ptrdiff_t(first), to.end());
  }

 private:
  static constexpr std::size_t nowhere = ~std::size_t(0);
  static constexpr std::int32_t unknown = -2;
  bool is_hidden(std::int32_t id) const { return !options_.hidden.empty() && options_.hidden[std::size_t(id)]; }
  bool is_unknown(std::int32_t id) const { return id == unknown || (options_.unknown && id == *options_.unknown); }

  /// In reverse.
  void append_unknown(token_list const& tokens, std::string_view text, std::vector<std::int32_t>& to) const {
    auto of_byte = [&](char c) { return tokens.find_byte(static_cast<unsigned char>(c)); };
    if (std::int32_t const id = tokens.find(text); id != token_list::none && !is_hidden(id)) return to.push_back(id);
    if (options_.byte_fallback && std::ranges::all_of(text, [&](char c) { return of_byte(c) != token_list::none; })) {
      for (std::size_t i = text.size(); i-- > 0;) to.push_back(of_byte(text[i]));
      return;
    }
    if (!options_.unknown)
      throw cohort_error("tokenizer: no token has " + in_quotes(text) + ", and there is none for what is unknown");
    to.push_back(*options_.unknown);
  }

  language::unigram_options options_;
  double least_ = std::numeric_limits<double>::infinity();
  byte_trie trie_;
};

}  // namespace COHORT_NAMESPACE::detail
