#pragma once
#include <cohort/language/model/decoder.hpp>
#include <cohort/language/model/token_checks.hpp>
#include <cohort/language/model/token_head.hpp>

namespace COHORT_NAMESPACE {

/// How a completion was drawn, where it was not from the whole softmax at the temperature of the pass.
struct sampling_of {
  double temperature = 0;               ///< of all its log-probabilities; 0: that of the pass
  token_support const* kept = nullptr;  ///< of each token what the sampler's cuts left; must outlive the pass
};

/// Packs prompts and their completions for one pass of a decoder. A prompt stands once, before all of its completions,
/// which see it and themselves; the last token of a completion is never read, only predicted. A step is one token of a
/// completion: it is predicted at `head_row`.
///
/// Raises value_error for an empty prompt or completion, a token outside the vocabulary, or a series longer than the
/// context, naming which.
template <backend B>
class token_packing {
 public:
  void clear() {
    segments_.clear(), token_.clear(), position_.clear(), segment_of_.clear(), head_row_.clear(), target_.clear();
    kept_.clear(), temperature_.clear();
    series_ = 0;
  }
  void prompt(decoder_options const& o, std::span<std::int32_t const> tokens) {
    check(o, "prompt " + std::to_string(prompts()), tokens, 0);
    root_ = std::int32_t(segments_.size());
    length_ = tokens.size();
    append(tokens, 0, -1);
    last_ = std::int32_t(token_.size()) - 1;
  }
  /// About the last prompt.
  void completion(decoder_options const& o, std::span<std::int32_t const> tokens, sampling_of how = {}) {
    check(o, "completion " + std::to_string(series_), tokens, length_);
    if (how.kept && (how.kept->steps() != tokens.size() || how.kept->vocabulary() != o.vocabulary))
      throw value_error("completion " + std::to_string(series_) + " has " + std::to_string(tokens.size()) +
                        " tokens of a vocabulary of " + std::to_string(o.vocabulary) + ", and its token_support " +
                        std::to_string(how.kept->steps()) + " of " + std::to_string(how.kept->vocabulary()));
    auto steps = target_.size();
    if (how.kept) {
      kept_.resize(steps);
      for (std::size_t t = 0; t < tokens.size(); ++t) kept_.push_back({how.kept, t});
    }
    if (how.temperature != 0) {
      temperature_.resize(steps, 0);
      temperature_.resize(steps + tokens.size(), value_t<B>(how.temperature));
    }
    auto first = std::int32_t(token_.size());
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      head_row_.push_back(t == 0 ? last_ : first + std::int32_t(t) - 1);
      target_.push_back(tokens[t]);
    }
    if (tokens.size() > 1) append(tokens.first(tokens.size() - 1), length_, root_);
    ++series_;
  }

  std::ptrdiff_t rows() const { return std::ptrdiff_t(token_.size()); }
  std::ptrdiff_t steps() const { return std::ptrdiff_t(target_.size()); }

  /// To the backend's memory; what the views below show is valid until the next prompt or completion.
  void finish(B& backend, decoder_options const& o) {
    std::vector<std::int32_t> flat;
    for (auto const& s : segments_)
      for (auto field : s.fields()) flat.push_back(field);
    backend.assign(flat_on_, std::span<std::int32_t const>(flat));
    backend.assign(token_on_, std::span<std::int32_t const>(token_));
    backend.assign(position_on_, std::span<std::int32_t const>(position_));
    backend.assign(segment_of_on_, std::span<std::int32_t const>(segment_of_));
    backend.assign(head_row_on_, std::span<std::int32_t const>(head_row_));
    backend.assign(target_on_, std::span<std::int32_t const>(target_));
    if (!kept_.empty()) kept_.resize(target_.size());
    if (!temperature_.empty()) temperature_.resize(target_.size(), 0);
    backend.assign(temperature_on_, std::span<value_t<B> const>(temperature_));
    tokens_ = {token_on_.all(),
               position_on_.all(),
               {flat_on_.matrix(std::ptrdiff_t(segments_.size()), 7), segment_of_on_.all(), segments_, o.heads,
                o.keys(), o.size_of_head()}};
  }
  packed_tokens const& tokens() const { return tokens_; }
  view<std::int32_t const> head_row() const { return head_row_on_.all(); }  ///< of each step
  view<std::int32_t const> target() const { return target_on_.all(); }      ///< the token of each step
  /// The temperature of each step, or empty; 0 where it is that of the pass.
  view<value_t<B> const> temperature() const {
    return temperature_.empty() ? view<value_t<B> const>{} : view<value_t<B> const>(temperature_on_.all());
  }
  std::span<step_support const> kept() const { return kept_; }

 private:
  std::ptrdiff_t prompts() const {
    return std::count_if(segments_.begin(), segments_.end(), [](auto const& s) { return s.prefix < 0; });
  }
  static void check(decoder_options const& o, std::string const& what, std::span<std::int32_t const> tokens,
                    std::size_t before) {
    detail::require_tokens(o, what, tokens);
    if (before + tokens.size() > std::size_t(o.context))
      throw value_error(what + ": " + std::to_string(before + tokens.size()) +
                        " tokens, expected no more than the context's " + std::to_string(o.context));
  }
  void append(std::span<std::int32_t const> tokens, std::size_t position, std::int32_t prefix) {
    auto row = std::int32_t(token_.size()), n = std::int32_t(tokens.size()), here = std::int32_t(segments_.size());
    segments_.push_back({row, n, row, n, prefix, 0, 0});
    if (prefix >= 0) {
      attention_segment& root = segments_[std::size_t(prefix)];
      if (root.children++ == 0) root.first_child = here;
    }
    for (std::int32_t i = 0; i < n; ++i) {
      token_.push_back(tokens[std::size_t(i)]);
      position_.push_back(std::int32_t(position) + i);
      segment_of_.push_back(here);
    }
  }

  std::vector<attention_segment> segments_;
  std::vector<std::int32_t> token_, position_, segment_of_, head_row_, target_;
  std::vector<step_support> kept_;
  std::vector<value_t<B>> temperature_;
  std::int32_t root_ = 0, last_ = 0;
  std::size_t length_ = 0;
  std::ptrdiff_t series_ = 0;
  typename B::template array<std::int32_t> flat_on_, token_on_, position_on_, segment_of_on_, head_row_on_, target_on_;
  typename B::template array<value_t<B>> temperature_on_;
  packed_tokens tokens_;
};

}  // namespace COHORT_NAMESPACE
