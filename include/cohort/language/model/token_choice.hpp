#pragma once
#include <algorithm>
#include <cohort/language/model/generation_options.hpp>
#include <cohort/language/sampler/logit_edits.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

/// Draws the next token of each of some completions from their logits, with all that generation_options say.
template <backend B>
class token_choice {
  using T = value_t<B>;
  template <class U>
  using array = typename B::template array<U>;
  using lists = std::vector<std::vector<std::int32_t>>;

 public:
  /// For N completions of these prompts.
  void start(lists const& prompts, generation_options const& o, std::size_t N, std::ptrdiff_t vocabulary) {
    if (!o.allowed.always.empty() && o.allowed.always.size() != std::size_t(vocabulary))
      throw value_error("generate: allowed.always has " + std::to_string(o.allowed.always.size()) +
                        " flags, expected one for each of the vocabulary's " + std::to_string(vocabulary));
    for (auto const& [token, bias] : o.bias)
      if (token < 0 || token >= vocabulary || !(std::abs(bias) < 1e30))
        throw value_error("generate: the bias of token " + std::to_string(token) + " is " + detail::text(bias) +
                          ", expected a number for one of the vocabulary's " + std::to_string(vocabulary));
    flags_are_there_ = bias_is_there_ = false;
    stood_.clear();
    if (!penalizes(o)) return;
    stood_.resize(N);
    for (std::size_t n = 0; n < N; ++n) {
      auto tokens = prompts[n / std::size_t(o.group)];
      std::sort(tokens.begin(), tokens.end());
      tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
      for (auto t : tokens) stood_[n].push_back({t, 0});
    }
  }

  /// To all[n] for each of `completions`, whose logits (overwritten) are the rows; raises value_error where they hold a
  /// NaN or +inf or nothing above -inf, or where `allowed` allows nothing.
  void draw(B& backend, lists const& prompts, generation_options const& o, stream_id draws, view<T> logits,
            std::vector<std::int32_t> const& completions, std::vector<generated<T>>& all) {
    auto const A = std::ptrdiff_t(completions.size());
    backend.assign(lane_, std::span<std::int32_t const>(completions));
    words_.clear();
    for (auto n : completions) words_.push_back(std::int32_t(all[std::size_t(n)].tokens.size()));
    backend.assign(number_, std::span<std::int32_t const>(words_));
    backend.resize(token_, A);
    backend.resize(logp_, (o.keep ? 1 : 2) * A);
    if (!o.bias.empty()) add_bias(backend, o, logits);
    if (penalizes(o)) penalize(backend, o, logits, completions, all);
    if (o.allowed) forbid(backend, prompts, o, logits, completions, all);
    view<T const> temperatures;
    if (!o.temperatures.empty()) {
      logps_.clear();
      for (auto n : completions) logps_.push_back(T(o.temperature_of(n % o.group)));
      backend.assign(temperature_, std::span<T const>(logps_));
      temperatures = temperature_.all();
    }
    std::ptrdiff_t const words = token_support::words_of(logits.columns);
    backend.resize(kept_, o.keep ? A * words : 0);
    draw_tokens(backend, o.sampler, draws, 0, logits, lane_.all(), token_.all(),
                o.keep ? view<T>{} : logp_.all().part(A, A), logp_.all().part(0, A), temperatures,
                o.keep ? kept_.matrix(A, words) : view<std::int32_t>{}, number_.all());
    tokens_.resize(std::size_t(A)), logps_.resize(std::size_t(logp_.size())), words_.resize(std::size_t(kept_.size()));
    backend.download(std::span<std::int32_t>(tokens_), token_.all());
    backend.download(std::span<T>(logps_), logp_.all());
    if (o.keep) backend.download(std::span<std::int32_t>(words_), kept_.all());
    for (std::size_t i = 0; i < std::size_t(A); ++i) {
      generated<T>& g = all[std::size_t(completions[i])];
      if (tokens_[i] < 0)
        throw value_error(place(completions[i], g.tokens.size(), o) +
                          (tokens_[i] == logits_with_nan        ? "a logit is NaN"
                           : tokens_[i] == logits_with_infinity ? "a logit is infinite"
                                                                : "all logits are -inf") +
                          ", expected finite ones");
      g.tokens.push_back(tokens_[i]);
      if (!o.keep) g.logp.push_back(logps_[i + std::size_t(A)]);
      g.sampler_logp.push_back(logps_[i]);
      if (o.keep) g.kept.add_bits(std::span(words_).subspan(i * std::size_t(words), std::size_t(words)));
    }
  }

 private:
  struct stood {
    std::int32_t token, count;  // of it in the completion
  };

  static bool penalizes(generation_options const& o) {
    return o.sampler.repetition_penalty != 1 || o.sampler.presence_penalty != 0 || o.sampler.frequency_penalty != 0;
  }
  static std::string place(std::int32_t n, std::size_t t, generation_options const& o) {
    return "generate: prompt " + std::to_string(n / o.group) + ", sample " + std::to_string(n % o.group) + ", token " +
           std::to_string(t) + ": ";
  }

  void add_bias(B& backend, generation_options const& o, view<T> logits) {
    if (!std::exchange(bias_is_there_, true)) {
      std::vector<T> all(std::size_t(logits.columns), T(0));
      for (auto const& [token, bias] : o.bias) all[std::size_t(token)] += T(bias);
      backend.assign(bias_, std::span<T const>(all));
    }
    backend.map(outputs{logits}, detail::plus{}, view<T const>(logits),
                repeat_row(view<T const>(bias_.matrix(1, logits.columns)), logits.rows));
  }

  /// Each token of prompt and completion once: in ascending order what stood before, and the one drawn last.
  void penalize(B& backend, generation_options const& o, view<T> logits, std::vector<std::int32_t> const& completions,
                std::vector<generated<T>> const& all) {
    std::size_t longest = 0;
    for (auto n : completions) {
      auto& before = stood_[std::size_t(n)];
      if (auto const& drawn = all[std::size_t(n)].tokens; !drawn.empty()) {
        auto const at = std::lower_bound(before.begin(), before.end(), drawn.back(),
                                         [](stood const& s, std::int32_t token) { return s.token < token; });
        if (at != before.end() && at->token == drawn.back()) ++at->count;
        else before.insert(at, {drawn.back(), 1});
      }
      longest = std::max(longest, before.size());
    }
    words_.assign(completions.size() * 2 * longest, -1);
    for (std::size_t i = 0; i < completions.size(); ++i) {
      auto* row = &words_[i * 2 * longest];
      for (auto const& [token, count] : stood_[std::size_t(completions[i])]) row[longest] = count, *row++ = token;
    }
    backend.assign(seen_, std::span<std::int32_t const>(words_));
    auto const part = [&](std::size_t first) {
      return view<std::int32_t const>(seen_.all().data + first, logits.rows, std::ptrdiff_t(longest),
                                      2 * std::ptrdiff_t(longest), 1);
    };
    if (o.sampler.repetition_penalty != 1) penalize_repetition(backend, o.sampler.repetition_penalty, logits, part(0));
    if (o.sampler.presence_penalty != 0 || o.sampler.frequency_penalty != 0)
      penalize_presence(backend, o.sampler.presence_penalty, o.sampler.frequency_penalty, logits, part(0),
                        part(longest));
  }

  /// Flags that are the same everywhere go to the backend once.
  void forbid(B& backend, lists const& prompts, generation_options const& o, view<T> logits,
              std::vector<std::int32_t> const& completions, std::vector<generated<T>> const& all) {
    if (o.allowed.here || !std::exchange(flags_are_there_, true))
      allow(backend, prompts, o, logits.columns, completions, all);
    forbid_tokens(backend, logits,
                  view<std::uint8_t const>(allowed_.all().data, logits.rows, logits.columns,
                                           o.allowed.here ? logits.columns : 0, 1));
  }
  void allow(B& backend, lists const& prompts, generation_options const& o, std::ptrdiff_t vocabulary,
             std::vector<std::int32_t> const& completions, std::vector<generated<T>> const& all) {
    auto const V = std::size_t(vocabulary), rows = o.allowed.here ? completions.size() : 1;
    flags_.assign(rows * V, 1);
    for (std::size_t i = 0; i < rows; ++i) {
      auto row = std::span(flags_).subspan(i * V, V);
      if (!o.allowed.always.empty()) std::copy(o.allowed.always.begin(), o.allowed.always.end(), row.begin());
      auto const& drawn = all[std::size_t(completions[i])].tokens;
      if (o.allowed.here) o.allowed.here(prompts[std::size_t(completions[i] / o.group)], drawn, row);
      if (std::none_of(row.begin(), row.end(), [](auto f) { return f != 0; }))
        throw value_error(place(completions[i], drawn.size(), o) + "`allowed` allows no token");
    }
    backend.assign(allowed_, std::span<std::uint8_t const>(flags_));
  }

  std::vector<std::vector<stood>> stood_;  // of each completion, under a penalty, in ascending order
  std::vector<std::int32_t> tokens_, words_;
  std::vector<T> logps_;
  std::vector<std::uint8_t> flags_;
  bool flags_are_there_ = false, bias_is_there_ = false;
  array<std::int32_t> lane_, number_, token_, kept_, seen_;
  array<std::uint8_t> allowed_;
  array<T> logp_, temperature_, bias_;
};

}  // namespace COHORT_NAMESPACE
