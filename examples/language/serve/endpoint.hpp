#pragma once
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/generate.hpp>
#include <mutex>

#include "requests.hpp"
#include "scored_tokens.hpp"
#include "stop_texts.hpp"

namespace serve {

/// One completion as it is answered.
struct completed {
  std::vector<std::int32_t> tokens;
  std::string text;
  bool stopped = false;  ///< at a stop token or text; else at its length
  scored_tokens scores;  ///< of the tokens, or with echo of all but the first, if they were asked for
};

/// A model that answers one request at a time, whoever asks.
class endpoint {
  using clock = std::chrono::steady_clock;

 public:
  endpoint(std::string const& path, language::load_options const& how, int threads, int context, double seconds)
      : cpu_({.threads = threads}),
        model_(language::load(cpu_, path, how)),
        text_(language::read_text(path)),
        context_(context ? std::min(context, model_.options().context) : model_.options().context),
        seconds_(seconds) {}

  language::model_text const& text() const { return text_; }
  int context() const { return context_; }
  decoder_options const& options() const { return model_.options(); }

  /// The completions of all prompts, a prompt's after one another. `write` gets the pieces of a single one's text, and
  /// says false where nobody reads them any more.
  std::vector<completed> operator()(wish w, std::function<bool(std::string const&)> const& write = {}) {
    std::lock_guard const one(busy_);
    auto const until =
        clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds_));
    std::size_t const N = w.prompts.size() * std::size_t(w.how.group);
    std::vector<completed> all(N);
    if (w.how.max_tokens > 0) {
      std::vector<stop_texts> ends(N, stop_texts(w.stops));
      std::vector<language::tokenizer::stream> streams;
      for (std::size_t n = 0; n < N; ++n) streams.push_back(text_.words.decode_stream());
      w.how.on_token = [&](std::size_t n, std::int32_t token) {
        if (w.how.stop.contains(token)) return true;
        auto const piece = ends[n].push(streams[n].push(token));
        all[n].text += piece;
        bool const heard = !write || piece.empty() || write(piece);
        return heard && !ends[n].found() && clock::now() < until;
      };
      w.how.at_once = 64;
      if (N == 1) w.how.resume = context_;
      auto const drawn = generate_(cpu_, model_, w.prompts, w.how, stream_id{w.seed});
      for (std::size_t n = 0; n < N; ++n) {
        auto& c = all[n];
        c.tokens = drawn[n].tokens;
        c.stopped = drawn[n].stopped || ends[n].found();
        if (drawn[n].stopped) c.tokens.pop_back();
        auto rest = ends[n].push(streams[n].finish());
        rest += ends[n].finish();
        if (write && !rest.empty()) write(rest);
        c.text += rest;
      }
    }
    if (w.top >= 0)
      for (std::size_t n = 0; n < N; ++n) {
        auto const& prompt = w.prompts[n / std::size_t(w.how.group)];
        auto series = prompt;
        series.insert(series.end(), all[n].tokens.begin(), all[n].tokens.end());
        all[n].scores = score_(cpu_, model_, series, w.echo ? 1 : prompt.size(), w.top);
      }
    return all;
  }

 private:
  std::mutex busy_;
  eigen::backend cpu_;
  frozen_model<eigen::backend> model_;
  language::model_text text_;
  int context_;
  double seconds_;
  generator<eigen::backend> generate_;
  token_scorer score_;
};

}  // namespace serve
