#pragma once
#include <algorithm>
#include <cohort/language/model/language_model.hpp>
#include <cohort/language/model/stop_tokens.hpp>
#include <cohort/language/sampler/logit_edits.hpp>
#include <cohort/language/sampler/token_sampler.hpp>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// Which tokens a completion may consist of; what `always` and `here` both allow.
struct allowed_tokens {
  std::vector<std::uint8_t> always{};  ///< V flags, for all positions; empty: all tokens
  /// Sets to 0 what may not follow this prompt and what was drawn so far; the V flags come as `always` has them. Called
  /// once for each token, on one thread.
  std::function<void(std::span<std::int32_t const> prompt, std::span<std::int32_t const> completion,
                     std::span<std::uint8_t> allowed)>
      here{};

  explicit operator bool() const { return !always.empty() || here; }
};

struct generation_options {
  int group = 1;        ///< G, completions of each prompt
  int max_tokens = 64;  ///< of a completion, its stop token included
  stop_tokens stop{};   ///< those that end a completion
  token_sampler sampler{};
  std::vector<double> temperatures{};  ///< of samples 0 ... G - 1 of each prompt, in the place of the sampler's; empty:
                                       ///< that one for all
  allowed_tokens allowed{};
  bool keep = false;  ///< whether to store which tokens the cuts and `allowed` left (at most V / 8 bytes a token), and
                      ///< no log-probability of the whole softmax

  double temperature_of(int sample) const {
    return temperatures.empty() ? sampler.temperature : temperatures[std::size_t(sample)];
  }
  void check() const {
    detail::require(group > 0, "generate", "group", group, "a positive number");
    detail::require(max_tokens > 0, "generate", "max_tokens", max_tokens, "a positive number");
    sampler.check();
    if (!temperatures.empty() && temperatures.size() != std::size_t(group))
      throw value_error("generate: there are " + std::to_string(temperatures.size()) +
                        " temperatures, expected one for each of the group's " + std::to_string(group));
    for (double t : temperatures) token_sampler::check_temperature("generate", "a temperature", t);
  }
};

/// One completion: its tokens, the stop token included, and each one's log-probability: of the whole softmax at the
/// temperature, and of what the sampler's cuts left of it. With options.keep logp stays empty.
template <class T>
struct generated {
  std::vector<std::int32_t> tokens;
  std::vector<T> logp, sampler_logp;
  bool stopped = false;    ///< by its stop token; else it was cut off at max_tokens
  double temperature = 1;  ///< of its log-probabilities; 1 where it was drawn at 0
  token_support kept{};    ///< of each token, if options.keep
};

/// Generates G completions of each prompt by a language model with a cache of keys and values. The completions of a
/// prompt share its part of the cache; those that have ended leave the batch. Token t of completion n (= prompt G + g)
/// is draw t of lane n of the stream, whatever else is generated beside it. Memory is kept from call to call.
///
/// Raises value_error, naming prompt, sample and token, where logits hold a NaN or +inf or nothing above -inf, or where
/// `allowed` allows nothing.
template <backend B>
class generator {
  using T = value_t<B>;
  template <class U>
  using array = typename B::template array<U>;

 public:
  template <class Model>
  std::vector<generated<T>> operator()(B& backend, Model& model, std::vector<std::vector<std::int32_t>> const& prompts,
                                       generation_options const& o, stream_id draws) {
    o.check();
    decoder_options const& shape = model.options();
    packing_.clear();
    std::size_t longest = 0;
    for (auto const& p : prompts) {
      packing_.prompt(shape, p);
      longest = std::max(longest, p.size());
    }
    if (longest + std::size_t(o.max_tokens) > std::size_t(shape.context))
      throw value_error("generate: a prompt of " + std::to_string(longest) + " and max_tokens of " +
                        std::to_string(o.max_tokens) + " tokens, expected no more than the context's " +
                        std::to_string(shape.context) + " together");
    packing_.finish(backend, shape);
    std::ptrdiff_t before = packing_.rows();
    double tokens = double(before) + double(prompts.size()) * o.group * (o.max_tokens - 1);
    detail::require_numbered("generate", "tokens of all prompts and completions", tokens);
    std::size_t N = prompts.size() * std::size_t(o.group);
    if (!o.allowed.always.empty() && o.allowed.always.size() != std::size_t(shape.vocabulary))
      throw value_error("generate: allowed.always has " + std::to_string(o.allowed.always.size()) +
                        " flags, expected one for each of the vocabulary's " + std::to_string(shape.vocabulary));
    std::vector<generated<T>> all(N);
    for (std::size_t n = 0; n < N; ++n) {
      double temperature = o.temperature_of(int(n % std::size_t(o.group)));
      all[n].temperature = temperature == 0 ? 1 : temperature;
      all[n].kept = token_support(shape.vocabulary);
    }
    if (N == 0) return all;
    model.network().reserve(backend, cache_, std::ptrdiff_t(tokens));
    std::vector<std::int32_t> rows(static_cast<std::size_t>(before));
    std::iota(rows.begin(), rows.end(), 0);
    backend.assign(into_, std::span<std::int32_t const>(rows));
    struct scope {
      decoder<B>& network;
      ~scope() { network.forget(); }
    } prepared{model.network()};
    model.network().prepare(backend, std::as_const(model).parameters());
    view<T> hidden =
        model.network().forward(backend, std::as_const(model).parameters(), packing_.tokens(), cache_, into_.all());

    alive_.resize(N);
    std::iota(alive_.begin(), alive_.end(), 0);
    std::vector<std::int32_t> last_row(N);
    auto roots = packing_.tokens().layout.host;
    for (std::size_t n = 0; n < N; ++n)
      last_row[n] = roots[n / std::size_t(o.group)].query + roots[n / std::size_t(o.group)].queries - 1;
    prompt_segments_.assign(roots.begin(), roots.end());

    for (int t = 0;; ++t) {
      sample(backend, model, prompts, hidden, last_row, o, draws, std::uint32_t(t), all);
      if (alive_.empty() || t + 1 == o.max_tokens) return all;
      packed_tokens drawn =
          next(backend, shape, before, o, t);  // before into_ is read: it says where the drawn tokens go
      hidden = model.network().forward(backend, std::as_const(model).parameters(), drawn, cache_, into_.all());
      last_row.resize(alive_.size());
      std::iota(last_row.begin(), last_row.end(), 0);
    }
  }

 private:
  using lists = std::vector<std::vector<std::int32_t>>;

  template <class Model>
  void sample(B& backend, Model& model, lists const& prompts, view<T> hidden, std::vector<std::int32_t> const& last_row,
              generation_options const& o, stream_id draws, std::uint32_t t, std::vector<generated<T>>& all) {
    auto A = std::ptrdiff_t(alive_.size());
    backend.assign(head_row_, std::span<std::int32_t const>(last_row));
    backend.assign(lane_, std::span<std::int32_t const>(alive_));
    backend.resize(token_, A);
    backend.resize(logp_, (o.keep ? 1 : 2) * A);
    view<T> logits = model.head().logits(backend, view<T const>(hidden), head_row_.all(),
                                         model.network().head_factor(std::as_const(model).parameters()));
    if (o.sampler.repetition_penalty != 1) penalize(backend, prompts, o, t, logits, all);
    if (o.allowed) forbid(backend, prompts, o, t, logits, all);
    view<T const> temperatures;
    if (!o.temperatures.empty()) {
      logps_.clear();
      for (auto n : alive_) logps_.push_back(T(o.temperature_of(n % o.group)));
      backend.assign(temperature_, std::span<T const>(logps_));
      temperatures = temperature_.all();
    }
    std::ptrdiff_t words = token_support::words_of(logits.columns);
    backend.resize(kept_, o.keep ? A * words : 0);
    draw_tokens(backend, o.sampler, draws, t, logits, lane_.all(), token_.all(),
                o.keep ? view<T>{} : logp_.all().part(A, A), logp_.all().part(0, A), temperatures,
                o.keep ? kept_.matrix(A, words) : view<std::int32_t>{});
    tokens_.resize(std::size_t(A)), logps_.resize(std::size_t(logp_.size())), words_.resize(std::size_t(kept_.size()));
    backend.download(std::span<std::int32_t>(tokens_), token_.all());
    backend.download(std::span<T>(logps_), logp_.all());
    if (o.keep) backend.download(std::span<std::int32_t>(words_), kept_.all());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < std::size_t(A); ++i) {
      auto n = alive_[i];
      generated<T>& g = all[std::size_t(n)];
      if (tokens_[i] < 0)
        throw value_error(place(n, t, o) +
                          (tokens_[i] == logits_with_nan        ? "a logit is NaN"
                           : tokens_[i] == logits_with_infinity ? "a logit is infinite"
                                                                : "all logits are -inf") +
                          ", expected finite ones");
      g.tokens.push_back(tokens_[i]);
      if (!o.keep) g.logp.push_back(logps_[i + std::size_t(A)]);
      g.sampler_logp.push_back(logps_[i]);
      if (o.keep) g.kept.add_bits(std::span(words_).subspan(i * std::size_t(words), std::size_t(words)));
      g.stopped = o.stop.contains(tokens_[i]);
      if (g.stopped) continue;
      tokens_[kept] = tokens_[i];
      alive_[kept++] = n;
    }
    alive_.resize(kept), tokens_.resize(kept);
  }

  static std::string place(std::int32_t n, std::uint32_t t, generation_options const& o) {
    return "generate: prompt " + std::to_string(n / o.group) + ", sample " + std::to_string(n % o.group) + ", token " +
           std::to_string(t) + ": ";
  }

  /// Each token of prompt and completion once: in ascending order what was seen before, and the one drawn last.
  void penalize(B& backend, lists const& prompts, generation_options const& o, std::uint32_t t, view<T> logits,
                std::vector<generated<T>> const& all) {
    if (t == 0) {
      seen_by_.resize(all.size());
      for (std::size_t n = 0; n < all.size(); ++n) {
        auto& seen = seen_by_[n] = prompts[n / std::size_t(o.group)];
        std::sort(seen.begin(), seen.end());
        seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
      }
    }
    std::size_t longest = 0;
    for (auto n : alive_) {
      auto& seen = seen_by_[std::size_t(n)];
      if (t > 0) {
        std::int32_t drawn = all[std::size_t(n)].tokens.back();
        auto at = std::lower_bound(seen.begin(), seen.end(), drawn);
        if (at == seen.end() || *at != drawn) seen.insert(at, drawn);
      }
      longest = std::max(longest, seen.size());
    }
    words_.assign(alive_.size() * longest, -1);
    for (std::size_t i = 0; i < alive_.size(); ++i) {
      auto const& seen = seen_by_[std::size_t(alive_[i])];
      std::copy(seen.begin(), seen.end(), words_.begin() + std::ptrdiff_t(i * longest));
    }
    backend.assign(seen_, std::span<std::int32_t const>(words_));
    penalize_repetition(backend, o.sampler.repetition_penalty, logits,
                        view<std::int32_t const>(seen_.matrix(logits.rows, std::ptrdiff_t(longest))));
  }

  /// Flags that are the same everywhere go to the backend once.
  void forbid(B& backend, lists const& prompts, generation_options const& o, std::uint32_t t, view<T> logits,
              std::vector<generated<T>> const& all) {
    if (o.allowed.here || t == 0) allow(backend, prompts, o, logits.columns, all);
    forbid_tokens(backend, logits,
                  view<std::uint8_t const>(allowed_.all().data, logits.rows, logits.columns,
                                           o.allowed.here ? logits.columns : 0, 1));
  }
  void allow(B& backend, lists const& prompts, generation_options const& o, std::ptrdiff_t vocabulary,
             std::vector<generated<T>> const& all) {
    auto V = std::size_t(vocabulary), rows = o.allowed.here ? alive_.size() : 1;
    flags_.assign(rows * V, 1);
    for (std::size_t i = 0; i < rows; ++i) {
      auto row = std::span(flags_).subspan(i * V, V);
      if (!o.allowed.always.empty()) std::copy(o.allowed.always.begin(), o.allowed.always.end(), row.begin());
      auto const& drawn = all[std::size_t(alive_[i])].tokens;
      if (o.allowed.here) o.allowed.here(prompts[std::size_t(alive_[i] / o.group)], drawn, row);
      if (std::none_of(row.begin(), row.end(), [](auto f) { return f != 0; }))
        throw value_error(place(alive_[i], std::uint32_t(drawn.size()), o) + "`allowed` allows no token");
    }
    backend.assign(allowed_, std::span<std::uint8_t const>(flags_));
  }

  /// The tokens just drawn, one row each; what they see are their prompt and what they wrote to the cache before.
  packed_tokens next(B& backend, decoder_options const& shape, std::ptrdiff_t before, generation_options const& o,
                     int t) {
    std::size_t A = alive_.size();
    next_.resize(A);
    segments_.clear();
    for (auto s : prompt_segments_) {
      s.query = s.queries = 0;
      segments_.push_back(s);
    }
    for (std::size_t i = 0; i < A; ++i) {
      std::int32_t prompt = alive_[i] / o.group, key = std::int32_t(before) + alive_[i] * (o.max_tokens - 1);
      next_.segment_of[i] = std::int32_t(segments_.size());
      next_.position[i] = prompt_segments_[std::size_t(prompt)].keys + t;
      next_.into[i] = key + t;
      segments_.push_back({std::int32_t(i), 1, key, t + 1, prompt, 0, 0});
    }
    for (auto const& s : segments_)
      next_.flat.insert(next_.flat.end(), {s.query, s.queries, s.key, s.keys, s.prefix, s.first_child, s.children});
    backend.assign(flat_, std::span<std::int32_t const>(next_.flat));
    backend.assign(position_, std::span<std::int32_t const>(next_.position));
    backend.assign(into_, std::span<std::int32_t const>(next_.into));
    backend.assign(segment_of_, std::span<std::int32_t const>(next_.segment_of));
    backend.assign(input_, std::span<std::int32_t const>(tokens_));
    return {input_.all(),
            position_.all(),
            {flat_.matrix(std::ptrdiff_t(segments_.size()), 7), segment_of_.all(), segments_, shape.heads, shape.keys(),
             shape.size_of_head()}};
  }

  struct {
    std::vector<std::int32_t> flat, position, into, segment_of;
    void resize(std::size_t n) { flat.clear(), position.resize(n), into.resize(n), segment_of.resize(n); }
  } next_;  // what next() uploads

  token_packing<B> packing_;
  typename decoder<B>::cache cache_;
  array<std::int32_t> into_, head_row_, lane_, token_, flat_, position_, segment_of_, input_, kept_, seen_;
  array<std::uint8_t> allowed_;
  array<T> logp_, temperature_;
  std::vector<attention_segment> prompt_segments_, segments_;
  std::vector<std::int32_t> alive_, tokens_, words_;
  lists seen_by_;  // of each completion, under a repetition penalty: its tokens and those of its prompt, in ascending
                   // order
  std::vector<std::uint8_t> flags_;
  std::vector<T> logps_;
};

}  // namespace COHORT_NAMESPACE
