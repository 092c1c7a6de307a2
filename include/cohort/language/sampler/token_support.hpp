#pragma once
#include <algorithm>
#include <bit>
#include <cohort/error.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE {

/// For each of some steps the tokens that a sampler's cuts left of a vocabulary of V, in the host's memory: a list of 4
/// bytes for each token where that is shorter, else a bit for each token of the vocabulary. With V = 49,152 a step
/// takes 200 bytes under top_k = 50, and 6,144 at most.
class token_support {
 public:
  explicit token_support(int vocabulary = 0) : vocabulary_(vocabulary) {}

  /// Words of 32 bits that each row of draw_tokens' `kept` has.
  static constexpr std::ptrdiff_t words_of(std::ptrdiff_t vocabulary) { return (vocabulary + 31) / 32; }

  int vocabulary() const { return vocabulary_; }
  std::size_t steps() const { return ends_.size(); }
  std::size_t bytes() const { return data_.size() * sizeof(std::int32_t) + ends_.size() * sizeof(std::size_t); }

  /// One more step, as draw_tokens gives it.
  void add_bits(std::span<std::int32_t const> words) {
    std::size_t count = 0, most = words.size() - 1;
    for (auto w : words) count += std::size_t(std::popcount(std::uint32_t(w)));
    if (count <= most) each_token(words, [&](std::int32_t v) { data_.push_back(v); });
    else data_.insert(data_.end(), words.begin(), words.end());
    ends_.push_back(data_.size());
  }
  /// One more step, of which these tokens were kept, in any order.
  void add(std::span<std::int32_t const> tokens) {
    std::vector<std::int32_t> words(std::size_t(words_of(vocabulary_)), 0);
    for (auto v : tokens) {
      if (v < 0 || v >= vocabulary_)
        throw value_error("token_support: token " + std::to_string(v) + " was kept, expected one of the vocabulary's " +
                          std::to_string(vocabulary_));
      words[std::size_t(v / 32)] |= std::int32_t(1u << (v % 32));
    }
    add_bits(words);
  }

  /// The bits of a step.
  void bits(std::size_t step, std::span<std::int32_t> words) const {
    auto part = stored(step);
    if (part.size() == words.size()) return std::copy(part.begin(), part.end(), words.begin()), void();
    std::fill(words.begin(), words.end(), 0);
    for (auto v : part) words[std::size_t(v / 32)] |= std::int32_t(1u << (v % 32));
  }
  /// The tokens of a step, in ascending order.
  std::vector<std::int32_t> tokens(std::size_t step) const {
    std::vector<std::int32_t> words(std::size_t(words_of(vocabulary_))), found;
    bits(step, words);
    each_token(words, [&](std::int32_t v) { found.push_back(v); });
    return found;
  }
  bool kept(std::size_t step, std::int32_t token) const {
    if (token < 0 || token >= vocabulary_) return false;
    auto part = stored(step);
    if (part.size() == std::size_t(words_of(vocabulary_)))
      return std::uint32_t(part[std::size_t(token / 32)]) >> (token % 32) & 1;
    return std::binary_search(part.begin(), part.end(), token);
  }

 private:
  /// f of each token whose bit is set, in ascending order.
  template <class F>
  static void each_token(std::span<std::int32_t const> words, F f) {
    for (std::size_t w = 0; w < words.size(); ++w)
      for (auto left = std::uint32_t(words[w]); left != 0; left &= left - 1)
        f(std::int32_t(32 * w) + std::countr_zero(left));
  }
  /// A list is shorter than the bits, so its length tells it from them.
  std::span<std::int32_t const> stored(std::size_t step) const {
    std::size_t first = step == 0 ? 0 : ends_[step - 1];
    return std::span(data_).subspan(first, ends_[step] - first);
  }

  int vocabulary_;
  std::vector<std::int32_t> data_;
  std::vector<std::size_t> ends_;
};

/// Which distribution the log-probabilities in training are of, where a sampler's cuts (or `allowed`) leave a part of
/// the vocabulary.
enum class softmax_over {
  /// What was kept at each token when it was drawn: exp(logp - old_logp) is the ratio of the distributions sampled
  /// from, the policy's as it was and as it is.
  support,
  /// The whole vocabulary, as in TRL, verl and OpenRLHF: the ratio is biased by how the kept part's probability has
  /// changed.
  vocabulary,
};

}  // namespace COHORT_NAMESPACE
