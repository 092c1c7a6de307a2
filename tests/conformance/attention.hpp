#pragma once
#include <utility>

#include "reference.hpp"

namespace cohort::conformance {

/// Segments, with as many rows of queries and of keys as they reach to.
struct segments_of_tokens {
  std::vector<attention_segment> segments;
  std::ptrdiff_t queries = 0, keys = 0;

  /// As in training: a prompt and its completions, each row a query and a key.
  void family(std::int32_t prompt, std::vector<std::int32_t> const& completions) {
    auto root = std::int32_t(segments.size());
    add(prompt, prompt, -1);
    for (auto n : completions) add(n, n, root);
    segments[std::size_t(root)].children = std::int32_t(completions.size());
    segments[std::size_t(root)].first_child = completions.empty() ? 0 : root + 1;
  }
  void add(std::int32_t n, std::int32_t keys_of_it, std::int32_t prefix) {
    segments.push_back({std::int32_t(queries), n, std::int32_t(keys), keys_of_it, prefix, 0, 0});
    queries += n, keys += keys_of_it;
  }
  /// As in generation: one query for each of some completions that have written some tokens to their part of a cache;
  /// prompts have none.
  static segments_of_tokens decoding(std::vector<std::int32_t> const& prompts, int group, std::int32_t written,
                                     std::int32_t room) {
    segments_of_tokens s;
    for (auto n : prompts) s.add(0, n, -1);
    for (std::int32_t p = 0; p < std::int32_t(prompts.size()); ++p)
      for (int g = 0; g < group; ++g) {
        s.add(1, written, p);
        s.keys += room - written;  // which hold anything
      }
    return s;
  }
};

/// Attention by its definition, in double: the keys that a query sees are listed.
struct plain_attention {
  segments_of_tokens const& tokens;
  int heads, kv_heads, size;
  grid<double> q, k, v;
  std::ptrdiff_t window = 0;
  double factor = 1 / std::sqrt(double(size)), cap = 0;

  std::vector<std::ptrdiff_t> seen(attention_segment const& s, std::ptrdiff_t i) const {
    std::vector<std::ptrdiff_t> all;
    if (s.prefix >= 0)
      for (auto const& p = tokens.segments[std::size_t(s.prefix)]; std::ptrdiff_t(all.size()) < p.keys;)
        all.push_back(p.key + std::ptrdiff_t(all.size()));
    for (std::ptrdiff_t j = 0; j <= s.keys - s.queries + i; ++j) all.push_back(s.key + j);
    while (window > 0 && std::ptrdiff_t(all.size()) > window) all.erase(all.begin());
    return all;
  }
  double score(std::ptrdiff_t row, int h, std::ptrdiff_t key, int g) const {
    double sum = 0;
    for (int d = 0; d < size; ++d) sum += q(row, h * size + d) * k(key, g * size + d);
    return cap > 0 ? cap * std::tanh(sum * factor / cap) : sum * factor;
  }
  /// f(query's row, head, key head, keys, their weights, log of the total).
  template <class F>
  void each(F f) const {
    for (auto const& s : tokens.segments)
      for (std::ptrdiff_t i = 0; i < s.queries; ++i)
        for (int h = 0; h < heads; ++h) {
          int g = h / (heads / kv_heads);
          auto keys = seen(s, i);
          std::vector<double> weights;
          double total = 0;
          for (auto j : keys) {
            weights.push_back(std::exp(score(s.query + i, h, j, g)));
            total += weights.back();
          }
          for (double& w : weights) w /= total;
          f(s.query + i, h, g, keys, weights, std::log(total));
        }
  }
  std::pair<grid<double>, grid<double>> forward() const {
    grid<double> out(q.rows, q.columns), log_total(q.rows, heads);
    each([&](std::ptrdiff_t row, int h, int g, auto const& keys, auto const& weights, double logarithm) {
      log_total(row, h) = logarithm;
      for (std::size_t n = 0; n < keys.size(); ++n)
        for (int d = 0; d < size; ++d) out(row, h * size + d) += weights[n] * v(keys[n], g * size + d);
    });
    return {out, log_total};
  }
  std::array<grid<double>, 3> backward(grid<double> const& dout) const {
    std::array<grid<double>, 3> slopes{grid<double>(q.rows, q.columns), grid<double>(k.rows, k.columns),
                                       grid<double>(v.rows, v.columns)};
    auto& [dq, dk, dv] = slopes;
    each([&](std::ptrdiff_t row, int h, int g, auto const& keys, auto const& weights, double) {
      std::vector<double> dweights(keys.size());
      double mean = 0;
      for (std::size_t n = 0; n < keys.size(); ++n) {
        for (int d = 0; d < size; ++d) dweights[n] += dout(row, h * size + d) * v(keys[n], g * size + d);
        mean += weights[n] * dweights[n];
      }
      for (std::size_t n = 0; n < keys.size(); ++n)
        for (int d = 0; d < size; ++d) {
          double dscore = weights[n] * (dweights[n] - mean) * factor;
          if (cap > 0) dscore *= 1 - std::pow(score(row, h, keys[n], g) / cap, 2);
          dq(row, h * size + d) += dscore * k(keys[n], g * size + d);
          dk(keys[n], g * size + d) += dscore * q(row, h * size + d);
          dv(keys[n], g * size + d) += weights[n] * dout(row, h * size + d);
        }
    });
    return slopes;
  }
};

/// Segments in a backend's memory.
template <class B>
class placed_layout {
  typename B::template array<std::int32_t> segments_, segment_of_;

 public:
  attention_layout layout;

  placed_layout(B& backend, segments_of_tokens const& tokens, int heads, int kv_heads, int size) {
    std::vector<std::int32_t> flat, of(std::size_t(tokens.queries));
    for (std::size_t n = 0; n < tokens.segments.size(); ++n) {
      auto const& s = tokens.segments[n];
      for (auto field : s.fields()) flat.push_back(field);
      std::fill_n(of.begin() + s.query, s.queries, std::int32_t(n));
    }
    backend.assign(segments_, std::span<std::int32_t const>(flat));
    backend.assign(segment_of_, std::span<std::int32_t const>(of));
    layout = {segments_.matrix(std::ptrdiff_t(tokens.segments.size()), 7),
              segment_of_.all(),
              tokens.segments,
              heads,
              kv_heads,
              size};
  }
};

struct head_shape {
  int heads, kv_heads, size;
  std::ptrdiff_t window = 0;
  double factor = 0, cap = 0;
};

template <class B>
void attention_one(B& backend, segments_of_tokens const& tokens, head_shape shape, order in, order out_order,
                   bool backward, tolerances const& tolerance) {
  using T = value_t<B>;
  auto [heads, kv_heads, size, window, factor, cap] = shape;
  std::ptrdiff_t Q = tokens.queries, K = tokens.keys, wide = heads * size, narrow = kv_heads * size;
  placed<B, T> q(backend, inputs<T>(Q, wide, 1, -2, 2), in), k(backend, inputs<T>(K, narrow, 2, -2, 2), in),
      v(backend, inputs<T>(K, narrow, 3), in), out(backend, Q, wide, out_order),
      log_total(backend, Q, heads, out_order);
  placed_layout<B> placed_tokens(backend, tokens, heads, kv_heads, size);
  attention_layout layout = placed_tokens.layout;
  layout.window = window, layout.factor = factor, layout.cap = cap;
  plain_attention plain{tokens, heads, kv_heads, size, as<double>(q.host), as<double>(k.host), as<double>(v.host),
                        window};
  if (factor > 0) plain.factor = factor;
  plain.cap = cap;
  CAPTURE(Q, K, heads, kv_heads, size, window, factor, cap, int(in), int(out_order));
  auto [want, want_total] = plain.forward();
  backend.attention(layout, out.out(), log_total.out(), q.in(), k.in(), v.in());
  REQUIRE(mismatch<B>(as<double>(out.now()), want, tolerance) == "");
  REQUIRE(mismatch<B>(as<double>(log_total.now()), want_total, tolerance) == "");
  if (!backward) return;
  placed<B, T> dout(backend, inputs<T>(Q, wide, 4), in), dq(backend, Q, wide, out_order),
      dk(backend, K, narrow, out_order), dv(backend, K, narrow, out_order);
  backend.attention_backward(layout, dq.out(), dk.out(), dv.out(), dout.in(), q.in(), k.in(), v.in(), out.in(),
                             log_total.in());
  auto slopes = plain.backward(as<double>(dout.host));
  REQUIRE(mismatch<B>(as<double>(dq.now()), slopes[0], tolerance) == "");
  REQUIRE(mismatch<B>(as<double>(dk.now()), slopes[1], tolerance) == "");
  REQUIRE(mismatch<B>(as<double>(dv.now()), slopes[2], tolerance) == "");
}

template <class B>
void attention(B& backend, tolerances const& tolerance) {
  constexpr head_shape shapes[] = {{1, 1, 4}, {4, 2, 8}, {4, 1, 6}, {3, 3, 16}, {6, 2, 5}, {2, 1, 32}, {2, 1, 80}};
  segments_of_tokens families;
  families.family(5, {3, 1, 6});
  families.family(1, {});
  families.family(2, {2});
  SECTION("attention: prompts with their completions, and its gradient, for heads that share keys or not") {
    for (auto shape : shapes) attention_one(backend, families, shape, order::packed, order::packed, true, tolerance);
    for (order in : writable)
      for (order out : writable) attention_one(backend, families, {4, 2, 8}, in, out, true, tolerance);
  }
  SECTION("attention: runs of more queries than any tile has, and its gradient") {
    segments_of_tokens long_ones;
    long_ones.family(131, {97, 1, 50});
    long_ones.family(49, {});
    tolerances sums = tolerance;
    sums.component *= 4;  // the gradient of a prompt's key adds up hundreds of queries
    for (auto shape : {shapes[1], shapes[4]})
      attention_one(backend, long_ones, shape, order::padded, order::packed, true, sums);
  }
  SECTION("attention: one query for each completion, of what a cache holds") {
    for (auto shape : shapes)
      for (std::int32_t written : {1, 7})
        attention_one(backend, segments_of_tokens::decoding({5, 1, 60}, 3, written, 9), shape, order::packed,
                      order::padded, false, tolerance);
    attention_one(backend, segments_of_tokens::decoding({700}, 17, 20, 20), {4, 2, 8}, order::padded, order::packed,
                  false, tolerance);
  }
  SECTION("attention: the last queries of longer runs, and none at all") {
    segments_of_tokens pieces;
    pieces.add(3, 10, -1);
    pieces.segments[0].first_child = 1, pieces.segments[0].children = 2;
    pieces.add(2, 4, 0);
    pieces.add(60, 75, 0);
    for (auto shape : shapes) attention_one(backend, pieces, shape, order::packed, order::packed, false, tolerance);
    attention_one(backend, {}, {4, 2, 8}, order::packed, order::packed, true, tolerance);
  }
  SECTION("attention: a window, scores under a cap and by another factor, and their gradient") {
    segments_of_tokens long_ones;
    long_ones.family(61, {53, 1, 20});
    long_ones.family(9, {3});
    tolerances sums = tolerance;
    sums.component *= 4;
    for (std::ptrdiff_t window : {1, 7, 50, 1000})
      for (head_shape shape : {head_shape{4, 2, 8}, {2, 1, 32}, {6, 2, 5}}) {
        shape.window = window;
        attention_one(backend, long_ones, shape, order::packed, order::packed, true, sums);
        for (std::int32_t written : {1, 9})
          attention_one(backend, segments_of_tokens::decoding({5, 1, 60}, 2, written, 9), shape, order::packed,
                        order::packed, false, tolerance);
      }
    for (head_shape shape : {head_shape{4, 2, 8, 0, .7, 2}, {2, 1, 32, 6, 0, .5}, {6, 2, 5, 0, .1, 0}}) {
      attention_one(backend, long_ones, shape, order::packed, order::packed, true, sums);
      attention_one(backend, segments_of_tokens::decoding({5, 60}, 2, 7, 9), shape, order::packed, order::packed, false,
                    tolerance);
    }
  }
  SECTION("attention: scores far from 0 neither overflow nor vanish") {
    using T = value_t<B>;
    segments_of_tokens two;
    two.add(2, 2, -1);
    placed_layout<B> tokens(backend, two, 1, 1, 4);
    for (double sign : {-1., 1.}) {
      grid<T> q(2, 4), k(2, 4), v(2, 4), zeros(2, 1);
      for (int d = 0; d < 4; ++d)
        q(0, d) = q(1, d) = T(40), k(0, d) = T(sign * 40), k(1, d) = T(sign * 80), v(0, d) = 1, v(1, d) = 2;
      placed<B, T> pq(backend, q), pk(backend, k), pv(backend, v), out(backend, 2, 4), log_total(backend, 2, 1);
      backend.attention(tokens.layout, out.out(), log_total.out(), pq.in(), pk.in(), pv.in());
      auto got = out.now();  // scores of +-3200 and +-6400: the larger one takes all
      for (int d = 0; d < 4; ++d) REQUIRE((got(0, d) == 1 && got(1, d) == (sign > 0 ? 2 : 1)));
      auto total = log_total.now();
      REQUIRE((total(0) == T(sign * 3200) && total(1) == T(sign > 0 ? 6400 : -3200)));
    }
  }
}

}  // namespace cohort::conformance
