#pragma once
#include <cohort/language/model/frozen_model.hpp>
#include <cohort/language/model/token_packing.hpp>

namespace COHORT_NAMESPACE {

/// A series of tokens that a reward model scores: a prompt, and what was said.
struct scored_series {
  std::vector<std::int32_t> prompt, completion;
};

/// A frozen decoder with a score of whole series, score = w' h, where h is the hidden state (H) after the last token.
/// Such a model is trained from preferences by bradley_terry; only differences of scores say something.
template <backend B>
class reward_model {
  using T = value_t<B>;

 public:
  /// `score` are the weights w. Raises shape_error for another number than H.
  reward_model(B& b, frozen_model<B> network, std::span<T const> score, std::ptrdiff_t rows_per_pass = 1024)
      : network_(std::move(network)), rows_per_pass_(rows_per_pass) {
    detail::require(rows_per_pass > 0, "reward_model", "rows_per_pass", double(rows_per_pass), "a positive number");
    if (std::ptrdiff_t(score.size()) != options().hidden)
      throw shape_error("reward_model: the score has " + std::to_string(score.size()) + " weights, expected " +
                        std::to_string(options().hidden));
    b.assign(score_, score);
  }

  decoder_options const& options() const { return network_.options(); }

  /// The score of each series, rows_per_pass tokens or one series at a time. A prompt goes through the network once
  /// for the completions of it that follow each other. Raises value_error for an empty series, one that is longer than
  /// the context, or a token outside the vocabulary.
  std::vector<double> scores(B& b, std::span<scored_series const> all) {
    std::vector<double> found;
    for (std::size_t first = 0; first < all.size();) {
      first += pack(all.subspan(first));
      packing_.finish(b, options());
      auto const n = std::ptrdiff_t(last_.size());
      view<T> const hidden = network_.network().forward(b, network_.parameters(), packing_.tokens());
      b.assign(last_on_, std::span<std::int32_t const>(last_));
      b.resize(hidden_, n * hidden.columns), b.resize(values_, n);
      b.gather(hidden_.matrix(n, hidden.columns), view<T const>(hidden), view<std::int32_t const>(last_on_.all()));
      b.matmul(values_.all(), view<T const>(hidden_.matrix(n, hidden.columns)), view<T const>(score_.all()), false);
      std::vector<T> values(last_.size());
      b.download(std::span<T>(values), view<T const>(values_.all()));
      found.insert(found.end(), values.begin(), values.end());
    }
    return found;
  }

 private:
  /// The first of some series, as many as go through at once.
  std::size_t pack(std::span<scored_series const> all) {
    packing_.clear(), last_.clear();
    std::vector<std::int32_t> const* prompt = nullptr;
    std::int32_t behind_prompt = 0;
    std::size_t count = 0;
    for (auto const& s : all) {
      auto const size = s.prompt.size() + s.completion.size();
      bool const known = prompt && *prompt == s.prompt;
      auto const rows = std::ptrdiff_t(known ? s.completion.size() : size);
      if (count > 0 && packing_.rows() + rows > rows_per_pass_) break;
      ++count;
      if (s.prompt.empty() || size >= std::size_t(options().context)) {  // where there is no place for one more token
        std::vector<std::int32_t> whole = s.prompt;
        whole.insert(whole.end(), s.completion.begin(), s.completion.end());
        packing_.prompt(options(), whole);
        prompt = nullptr;
      } else {
        if (!known) packing_.prompt(options(), s.prompt), behind_prompt = std::int32_t(packing_.rows()) - 1;
        prompt = &s.prompt;
        if (s.completion.empty()) {
          last_.push_back(behind_prompt);
          continue;
        }
        std::vector<std::int32_t> read = s.completion;
        read.push_back(read.back());  // the last token of a packed completion is never read
        packing_.completion(options(), read);
      }
      last_.push_back(std::int32_t(packing_.rows()) - 1);
    }
    return count;
  }

  frozen_model<B> network_;
  std::ptrdiff_t rows_per_pass_;
  std::vector<std::int32_t> last_;
  token_packing<B> packing_;
  typename B::template array<T> score_, hidden_, values_;
  typename B::template array<std::int32_t> last_on_;
};

}  // namespace COHORT_NAMESPACE
