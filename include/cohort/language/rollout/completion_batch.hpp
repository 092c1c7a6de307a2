#pragma once
#include <cohort/language/model/token_packing.hpp>
#include <cohort/rollout/batch.hpp>

namespace COHORT_NAMESPACE {

template <backend B, class Policy>
class completion_minibatches;

/// Completions as a batch: a step is a token, a series a completion, a group the completions of one prompt. The tokens
/// themselves stay on the host, where each pass is packed.
template <backend B>
struct completion_batch : batch<B, std::int32_t> {
  using T = value_t<B>;

  std::vector<std::vector<std::int32_t>> prompt;      ///< of each group
  std::vector<std::vector<std::int32_t>> completion;  ///< of each series
  std::vector<std::int32_t> group_first;              ///< groups + 1: the series of each group
  std::vector<std::int32_t> step_first;               ///< series + 1: the steps of each series
  typename B::template array<T> old_logp;             ///< M; sampler_logp is what the sampler's cuts left
  typename B::template array<T> greedy_score,
      scores;              ///< of each series: its prompt's greedy answer; what each reward gave it
  double temperature = 1;  ///< of all log-probabilities, but of series with another
  softmax_over training =
      softmax_over::support;  ///< what log-probabilities are of where the sampler's cuts left a part of the vocabulary

  template <class Policy>
  using minibatches = completion_minibatches<B, Policy>;

  void each_term(auto f) {
    using terms = step_views<T>;
    batch<B, std::int32_t>::each_term(f);
    f(&terms::old_logp, old_logp), f(&terms::old_value, this->value);
  }

  std::ptrdiff_t groups_count() const { return std::ptrdiff_t(prompt.size()); }

  batch_view<T> view_for_estimator() {
    auto v = batch<B, std::int32_t>::view_for_estimator();
    v.old_logp = old_logp.all();
    v.scored = v.terminated;  // the score stands on the last token
    auto N = std::ptrdiff_t(completion.size());
    if (greedy_score.size() == N) v.greedy_score = greedy_score.all();
    if (N > 0 && scores.size() > 0 && scores.size() % N == 0) v.scores = scores.matrix(N, scores.size() / N);
    return v;
  }

  void clear() {
    prompt.clear(), completion.clear();
    group_first.assign(1, 0), step_first.assign(1, 0);
    how_.clear();
    for (auto* v : {&staged_.sampler_logp, &staged_.old_logp, &staged_.reward, &staged_.greedy_score, &staged_.scores})
      v->clear();
    staged_.ended.clear(), staged_.series_of.clear();
  }
  void begin_group(std::vector<std::int32_t> const& tokens) {
    prompt.push_back(tokens);
    group_first.push_back(group_first.back());
  }
  /// A completion of the last prompt; its last token gets the score as its reward, and ends it. logp is of the
  /// distribution that training is to use: where cuts left a part of the vocabulary that is what was kept (`kept`, of
  /// each token), unless `training` says vocabulary.
  ///
  /// Raises value_error where sampler_logp shows that tokens were cut away and `kept` is missing or without a token
  /// that was drawn.
  void add(std::span<std::int32_t const> tokens, std::span<T const> logp, std::span<T const> sampler, double score,
           token_support kept = token_support{}, double own_temperature = 0) {
    auto n = std::int32_t(completion.size());
    check_kept(n, tokens, logp, sampler, kept);
    if (training == softmax_over::vocabulary) kept = token_support{};
    how_.push_back({std::move(kept), own_temperature});
    staged_.series_of.insert(staged_.series_of.end(), tokens.size(), n);
    staged_.old_logp.insert(staged_.old_logp.end(), logp.begin(), logp.end());
    staged_.sampler_logp.insert(staged_.sampler_logp.end(), sampler.begin(), sampler.end());
    staged_.reward.resize(staged_.old_logp.size(), T(0));
    staged_.ended.resize(staged_.old_logp.size(), 0);
    staged_.reward.back() = T(score);
    staged_.ended.back() = 1;
    completion.emplace_back(tokens.begin(), tokens.end());
    step_first.push_back(std::int32_t(staged_.old_logp.size()));
    ++group_first.back();
  }
  /// A completion that was not drawn or scored: its log-probabilities and score are NaN.
  void add_given(std::vector<std::int32_t> const& tokens) {
    unknown_.assign(tokens.size(), std::numeric_limits<T>::quiet_NaN());
    add(tokens, unknown_, unknown_, std::numeric_limits<double>::quiet_NaN());
  }
  /// How series n was drawn, for a pass over it.
  sampling_of sampling(std::size_t n) const {
    auto const& h = how_[n];
    return {h.temperature, h.kept.steps() > 0 ? &h.kept : nullptr};
  }
  /// What is remembered of the cuts.
  std::size_t kept_bytes() const {
    std::size_t total = 0;
    for (auto const& h : how_) total += h.kept.bytes();
    return total;
  }
  /// For the completion added last: the score of its prompt's greedy answer, and what each of several rewards gave it.
  void add_greedy_score(double score) { staged_.greedy_score.push_back(T(score)); }
  template <class Parts>
  void add_parts(Parts const& parts) {
    for (double x : parts) staged_.scores.push_back(T(x));
  }
  /// To the backend's memory.
  void finish(B& backend) {
    std::ptrdiff_t longest = 0, largest = 0;
    for (std::size_t n = 0; n + 1 < step_first.size(); ++n)
      longest = std::max<std::ptrdiff_t>(longest, step_first[n + 1] - step_first[n]);
    for (std::size_t g = 0; g + 1 < group_first.size(); ++g)
      largest = std::max<std::ptrdiff_t>(largest, group_first[g + 1] - group_first[g]);
    this->R = std::ptrdiff_t(staged_.old_logp.size());
    backend.assign(this->sampler_logp, std::span<T const>(staged_.sampler_logp));
    backend.assign(old_logp, std::span<T const>(staged_.old_logp));
    backend.assign(this->reward, std::span<T const>(staged_.reward));
    backend.assign(this->terminated, std::span<std::uint8_t const>(staged_.ended));
    std::fill(staged_.ended.begin(), staged_.ended.end(), 0);
    backend.assign(this->truncated, std::span<std::uint8_t const>(staged_.ended));
    backend.assign(this->series_of, std::span<std::int32_t const>(staged_.series_of));
    backend.assign(this->offsets, std::span<std::int32_t const>(step_first));
    backend.assign(this->group_offsets, std::span<std::int32_t const>(group_first));
    this->series = partition::segments(this->offsets.all(), this->R, longest);
    this->groups = partition::segments(this->group_offsets.all(), std::ptrdiff_t(completion.size()), largest);
    backend.resize(this->advantage, this->R);
    backend.resize(this->target, this->R);
    backend.assign(greedy_score, std::span<T const>(staged_.greedy_score));
    backend.assign(scores, std::span<T const>(staged_.scores));
  }

  template <class Policy>
  void evaluate_reference(B& backend, Policy& policy, view<T const> reference);

 private:
  void check_kept(std::int32_t n, std::span<std::int32_t const> tokens, std::span<T const> logp,
                  std::span<T const> sampler, token_support const& kept) const {
    if (training == softmax_over::vocabulary) return;
    auto where = [&](std::size_t t) {
      return "completion_batch: token " + std::to_string(t) + " of completion " + std::to_string(n);
    };
    if (kept.steps() > 0) {
      if (kept.steps() != tokens.size())
        throw value_error("completion_batch: completion " + std::to_string(n) + " has " +
                          std::to_string(tokens.size()) + " tokens, and its token_support " +
                          std::to_string(kept.steps()));
      for (std::size_t t = 0; t < tokens.size(); ++t)
        if (!kept.kept(t, tokens[t]))
          throw value_error(where(t) + " is " + std::to_string(tokens[t]) +
                            ", which is not among those that its cuts kept");
      return;
    }
    for (std::size_t t = 0; t < tokens.size(); ++t)
      if (sampler[t] - logp[t] > 64 * std::numeric_limits<T>::epsilon() * (1 + std::abs(logp[t])))
        throw value_error(where(t) + " has sampler_logp " + detail::text(double(sampler[t])) + " and logp " +
                          detail::text(double(logp[t])) +
                          ": tokens were cut away when it was drawn; expected what was kept (generation_options.keep), "
                          "or softmax_over::vocabulary, whose ratio is biased");
  }

  struct drawn_series {
    token_support kept;
    double temperature;
  };
  std::vector<drawn_series> how_;
  struct {
    std::vector<T> sampler_logp, old_logp, reward, greedy_score, scores;
    std::vector<std::uint8_t> ended;
    std::vector<std::int32_t> series_of;
  } staged_;
  std::vector<T> unknown_;
};

}  // namespace COHORT_NAMESPACE
