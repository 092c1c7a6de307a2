#pragma once
#include <cohort/language/model/language_model.hpp>
#include <cohort/language/model/token_choice.hpp>
#include <numeric>

namespace COHORT_NAMESPACE {

/// Generates G completions of each prompt by a language model with a cache of keys and values. The completions of a
/// prompt share its part of the cache; those that have ended leave the batch, and with options.at_once the next prompt
/// takes their place. A long prompt goes in by pieces, beside the tokens of those that are further. Token t of
/// completion n (= prompt G + g) is draw t of lane n of the stream, whatever else is generated beside it. Memory is
/// kept from call to call.
///
/// Raises value_error, naming prompt, sample and token, where logits hold a NaN or +inf or nothing above -inf, or where
/// `allowed` allows nothing.
template <backend B>
class generator {
  using T = value_t<B>;
  using lists = std::vector<std::vector<std::int32_t>>;

 public:
  std::ptrdiff_t prompt_rows = 1024;  ///< tokens of prompts that go through the network at once, if there are so many

  template <class Model>
  std::vector<generated<T>> operator()(B& backend, Model& model, lists const& prompts, generation_options const& o,
                                       stream_id draws) {
    o.check();
    decoder_options const& shape = model.options();
    check(prompts, o, shape);
    std::size_t const N = prompts.size() * std::size_t(o.group);
    std::vector<generated<T>> all(N);
    for (std::size_t n = 0; n < N; ++n) {
      double const temperature = o.temperature_of(int(n % std::size_t(o.group)));
      all[n].temperature = temperature == 0 ? 1 : temperature;
      all[n].kept = token_support(shape.vocabulary);
    }
    choice_.start(prompts, o, N, shape.vocabulary);
    if (N == 0) return all;
    make_seats(prompts, o);
    cache_.type = o.cache;
    model.network().reserve(backend, cache_, std::max<std::ptrdiff_t>(o.resume, cache_rows_));
    struct scope {
      decltype(model.network()) network;
      ~scope() { network.forget(); }
    } prepared{model.network()};
    auto const parameters = std::as_const(model).parameters();
    model.network().prepare(backend, parameters);

    waiting_ = 0, prompts_ = prompts.size();
    alive_.clear();
    for (;;) {
      for (auto& s : seats_)
        if (s.alive == 0 && waiting_ < prompts_) sit_down(s, prompts, o);
      packed_tokens const in = pack(backend, shape, prompts, o, all);
      view<T> const hidden = model.network().forward(backend, parameters, in, cache_, into_.all());
      if (drawing_.empty()) continue;  // pieces of prompts alone
      backend.assign(head_row_, std::span<std::int32_t const>(rows_.head));
      view<T> const logits =
          model.head().logits(backend, view<T const>(hidden), head_row_.all(), model.network().head_factor(parameters));
      choice_.draw(backend, prompts, o, draws, logits, drawing_, all);
      if (go_on(o, all)) continue;
      if (o.resume) remember(prompts[0], all[0].tokens);
      return all;
    }
  }

 private:
  /// A place in the cache for a prompt and its completions.
  struct seat {
    std::int32_t first = 0, prompt = 0, length = 0, fed = 0;  // rows; of the prompt how many, and how many are in
    int alive = 0;                                            // completions
  };
  struct completion {
    std::int32_t number;
    std::size_t place;  // its seat
  };

  static void check(lists const& prompts, generation_options const& o, decoder_options const& shape) {
    std::size_t longest = 0;
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      detail::require_tokens(shape, "prompt " + std::to_string(p), prompts[p]);
      longest = std::max(longest, prompts[p].size());
    }
    if (longest + std::size_t(o.max_tokens) > std::size_t(shape.context))
      throw value_error("generate: a prompt of " + std::to_string(longest) + " and max_tokens of " +
                        std::to_string(o.max_tokens) + " tokens, expected no more than the context's " +
                        std::to_string(shape.context) + " together");
    if (o.resume && (prompts.size() != 1 || o.group != 1))
      throw value_error("generate: resume is set, and there are " + std::to_string(prompts.size()) +
                        " prompts with a group of " + std::to_string(o.group) + ", expected one of each");
  }

  void make_seats(lists const& prompts, generation_options const& o) {
    std::size_t count = prompts.size(), longest = 0;
    if (o.at_once > 0) count = std::min(count, std::size_t(std::max(1, o.at_once / o.group)));
    for (auto const& p : prompts) longest = std::max(longest, p.size());
    seats_.assign(count, {});
    double rows = 0;
    for (std::size_t s = 0; s < count; ++s) {
      seats_[s].first = std::int32_t(std::min(rows, 2e9));
      rows += double(count < prompts.size() ? longest : prompts[s].size()) + double(o.group) * (o.max_tokens - 1);
    }
    detail::require_numbered("generate", "tokens of all prompts and completions", rows);
    cache_rows_ = std::ptrdiff_t(rows);
    // Memory that has to grow forgets, and so does one that is read in another way.
    if (!o.resume || std::max<std::ptrdiff_t>(o.resume, cache_rows_) > remembered_ || o.cache != cache_.type)
      cached_.clear();
    remembered_ = o.resume ? std::max<std::ptrdiff_t>(o.resume, cache_rows_) : 0;
  }

  void sit_down(seat& s, lists const& prompts, generation_options const& o) {
    auto const& prompt = prompts[waiting_];
    s.prompt = std::int32_t(waiting_++), s.length = std::int32_t(prompt.size()), s.alive = o.group;
    // The last token is always asked, whose logits nobody has kept.
    auto const same = std::mismatch(prompt.begin(), prompt.end() - 1, cached_.begin(), cached_.end()).first;
    s.fed = std::int32_t(same - prompt.begin());
    cached_.clear();
  }

  /// The tokens of the next pass: pieces of prompts, and those drawn last, a row each, which see their prompt and what
  /// they wrote to the cache before. `drawing_` are the completions whose next token follows from it.
  packed_tokens pack(B& backend, decoder_options const& shape, lists const& prompts, generation_options const& o,
                     std::vector<generated<T>> const& all) {
    rows_.clear(), drawing_.clear(), segments_.clear();
    std::ptrdiff_t room = prompt_rows;
    auto const add = [&](std::int32_t token, std::int32_t position, std::int32_t into) {
      rows_.token.push_back(token), rows_.position.push_back(position), rows_.into.push_back(into);
      rows_.segment_of.push_back(std::int32_t(segments_.size()));
    };
    auto const row = [&] { return std::int32_t(rows_.token.size()); };
    std::vector<completion> beginning;
    for (std::size_t k = 0; k < seats_.size(); ++k) {
      seat& s = seats_[k];
      std::int32_t const first = row(), n = s.alive == 0 ? 0 : std::min(s.length - s.fed, std::int32_t(room));
      for (std::int32_t i = s.fed; i < s.fed + n; ++i)
        add(prompts[std::size_t(s.prompt)][std::size_t(i)], i, s.first + i);
      s.fed += n, room -= n;
      segments_.push_back({first, n, s.first, s.fed, -1, 0, 0});
      if (n == 0 || s.fed < s.length) continue;
      for (int g = 0; g < o.group; ++g) {
        beginning.push_back({s.prompt * o.group + g, k});
        drawing_.push_back(beginning.back().number), rows_.head.push_back(row() - 1);
      }
    }
    for (auto const& [n, k] : alive_) {
      seat const& s = seats_[k];
      auto const drawn = std::int32_t(all[std::size_t(n)].tokens.size());
      std::int32_t const key = s.first + s.length + n % o.group * (o.max_tokens - 1);
      drawing_.push_back(n), rows_.head.push_back(row());
      std::int32_t const here = row();
      add(all[std::size_t(n)].tokens.back(), s.length + drawn - 1, key + drawn - 1);
      segments_.push_back({here, 1, key, drawn, std::int32_t(k), 0, 0});
    }
    alive_.insert(alive_.begin(), beginning.begin(), beginning.end());
    for (auto const& s : segments_)
      for (auto field : s.fields()) rows_.flat.push_back(field);
    auto const upload = [&](auto& array, auto const& list) {
      backend.assign(array, std::span<std::int32_t const>(list));
      return view<std::int32_t const>(array.all());
    };
    upload(into_, rows_.into), upload(flat_, rows_.flat);
    return {upload(token_, rows_.token),
            upload(position_, rows_.position),
            {flat_.matrix(std::ptrdiff_t(segments_.size()), 7), upload(segment_of_, rows_.segment_of), segments_,
             shape.heads, shape.keys(), shape.size_of_head()}};
  }

  /// Whether anything is to be drawn yet. What has ended leaves.
  bool go_on(generation_options const& o, std::vector<generated<T>>& all) {
    std::size_t kept = 0;
    for (auto const& c : alive_) {
      auto& g = all[std::size_t(c.number)];
      g.stopped = o.stop.contains(g.tokens.back());
      bool const wanted = !o.on_token || o.on_token(std::size_t(c.number), g.tokens.back());
      if (!g.stopped && wanted && g.tokens.size() < std::size_t(o.max_tokens)) alive_[kept++] = c;
      else --seats_[c.place].alive;
    }
    alive_.resize(kept);
    auto const asks = [](seat const& s) { return s.alive > 0 && s.fed < s.length; };
    return kept > 0 || waiting_ < prompts_ || std::any_of(seats_.begin(), seats_.end(), asks);
  }
  void remember(std::vector<std::int32_t> const& prompt, std::vector<std::int32_t> const& tokens) {
    cached_ = prompt;
    cached_.insert(cached_.end(), tokens.begin(), tokens.end() - 1);  // the last one was drawn and not read
  }

  struct {
    std::vector<std::int32_t> flat, token, position, into, segment_of, head;
    void clear() { flat.clear(), token.clear(), position.clear(), into.clear(), segment_of.clear(), head.clear(); }
  } rows_;
  std::vector<seat> seats_;
  std::vector<completion> alive_;
  std::vector<attention_segment> segments_;
  std::vector<std::int32_t> drawing_, cached_;
  std::size_t waiting_ = 0, prompts_ = 0;
  std::ptrdiff_t cache_rows_ = 0, remembered_ = 0;
  token_choice<B> choice_;
  typename decoder<B>::cache cache_;
  typename B::template array<std::int32_t> into_, head_row_, token_, flat_, position_, segment_of_;
};

}  // namespace COHORT_NAMESPACE
