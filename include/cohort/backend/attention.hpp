#pragma once
#include <array>
#include <cohort/backend/kernels.hpp>
#include <span>

namespace COHORT_NAMESPACE {

/// A run of tokens that attend to one another: each sees those before it and itself, and all tokens of its prefix,
/// which is another run. A group of completions so shares its prompt. A prefix has no prefix.
struct attention_segment {
  std::int32_t query = 0, queries = 0;         ///< rows of the queries; they are the last `queries` of its tokens
  std::int32_t key = 0, keys = 0;              ///< rows of its own keys and values
  std::int32_t prefix = -1;                    ///< the segment that all of its tokens see too; -1: none
  std::int32_t first_child = 0, children = 0;  ///< the segments whose prefix this is follow one another

  /// In order, as attention_layout has them in the backend's memory.
  constexpr std::array<std::int32_t, 7> fields() const {
    return {query, queries, key, keys, prefix, first_child, children};
  }
};

/// Who attends to whom, in the backend's memory and on the host. A family is a segment without a prefix and those whose
/// prefix it is; families follow one another.
struct attention_layout {
  view<std::int32_t const> segments;        ///< S x 7, the fields above in order
  view<std::int32_t const> segment_of;      ///< the segment of each query's row
  std::span<attention_segment const> host;  ///< the segments again
  int heads = 1, kv_heads = 1, size = 1;    ///< of queries, of keys and values (a divisor), and numbers in one head
  std::ptrdiff_t window = 0;                ///< tokens that a query sees at most, itself included; 0: all
  double factor = 0;                        ///< of the scores; 0: 1 / sqrt(size)
  double cap = 0;                           ///< scores s become cap tanh(s / cap); 0: they stay

  constexpr attention_segment segment(std::ptrdiff_t s) const {
    auto at = [&](int k) { return segments(s, k); };
    return {at(0), at(1), at(2), at(3), at(4), at(5), at(6)};
  }
  /// The most keys that a query may see.
  std::ptrdiff_t longest() const {
    std::ptrdiff_t keys = 0;
    for (auto const& s : host)
      keys = std::max<std::ptrdiff_t>(keys, s.keys + (s.prefix >= 0 ? host[std::size_t(s.prefix)].keys : 0));
    return keys;
  }
  constexpr int sharing() const { return heads / kv_heads; }
  double scale() const { return factor > 0 ? factor : 1 / std::sqrt(double(size)); }
  /// The first key that a query sees of those before it, prefix first, given how many these are with itself.
  constexpr std::ptrdiff_t first_seen(std::ptrdiff_t keys) const {
    return window > 0 && keys > window ? keys - window : 0;
  }
};

namespace detail {

template <class T>
constexpr real<T> dot(T const* a, std::ptrdiff_t a_stride, T const* b, std::ptrdiff_t b_stride, int n) {
  real<T> sum = 0;
  for (int d = 0; d < n; ++d) sum += real<T>(a[d * a_stride]) * real<T>(b[d * b_stride]);
  return sum;
}

/// f(row) for each key that the query in `row` of segment s sees, prefix first.
template <class F>
constexpr void each_visible_key(attention_layout const& layout, attention_segment const& s, std::ptrdiff_t row, F f) {
  std::ptrdiff_t visible = s.keys - s.queries + (row - s.query) + 1;
  attention_segment p{};
  if (s.prefix >= 0) p = layout.segment(s.prefix);
  std::ptrdiff_t first = layout.first_seen(p.keys + visible);
  for (std::ptrdiff_t j = first; j < p.keys; ++j) f(p.key + j);
  for (std::ptrdiff_t j = first > p.keys ? first - p.keys : 0; j < visible; ++j) f(s.key + j);
}

/// A score under a cap, and by what its slope is multiplied then.
template <class S>
constexpr S capped(S score, double cap) {
  return cap > 0 ? cap * tanh(score / cap) : score;
}
template <class S>
constexpr S capped_slope(S score_under_cap, double cap) {
  return cap > 0 ? 1 - score_under_cap / cap * (score_under_cap / cap) : S(1);
}

/// One query and head: softmax(q K^T scale) V, and the logarithm of the softmax's denominator.
template <class T>
struct attention_kernel {
  attention_layout layout;
  double scale;
  view<T> out, log_total;
  view<T const> q, k, v;

  constexpr void operator()(std::ptrdiff_t i) const {
    using S = real<T>;
    std::ptrdiff_t row = i / layout.heads, h = i % layout.heads, g = h / layout.sharing();
    int D = layout.size;
    attention_segment s = layout.segment(layout.segment_of[row]);
    auto score = [&](std::ptrdiff_t j) {
      return capped(dot(&q(row, h * D), q.column_stride, &k(j, g * D), k.column_stride, D) * scale, layout.cap);
    };
    S largest = -std::numeric_limits<T>::infinity(), total = 0;
    each_visible_key(layout, s, row, [&](std::ptrdiff_t j) { largest = max(largest, score(j)); });
    for (int d = 0; d < D; ++d) out(row, h * D + d) = 0;
    each_visible_key(layout, s, row, [&](std::ptrdiff_t j) {
      S e = exp(score(j) - largest);
      total += e;
      for (int d = 0; d < D; ++d) out(row, h * D + d) += (e * v(j, g * D + d)).value;
    });
    for (int d = 0; d < D; ++d) out(row, h * D + d) = (S(out(row, h * D + d)) / total).value;
    log_total(row, h) = (largest + log(total)).value;
  }
};

/// What the two kernels of the backward pass have in common: p and dscore of one query and key.
template <class T>
struct attention_slopes {
  attention_layout layout;
  double scale;
  view<T const> q, k, v, out, log_total, dout;

  struct pair {
    real<T> p, dscore;
  };
  constexpr real<T> delta(std::ptrdiff_t row, std::ptrdiff_t h) const {
    return dot(&dout(row, h * layout.size), dout.column_stride, &out(row, h * layout.size), out.column_stride,
               layout.size);
  }
  constexpr pair at(std::ptrdiff_t row, std::ptrdiff_t h, std::ptrdiff_t j, real<T> delta) const {
    int D = layout.size;
    std::ptrdiff_t g = h / layout.sharing();
    real<T> score = capped(dot(&q(row, h * D), q.column_stride, &k(j, g * D), k.column_stride, D) * scale, layout.cap);
    real<T> p = exp(score - log_total(row, h));
    real<T> dp = dot(&dout(row, h * D), dout.column_stride, &v(j, g * D), v.column_stride, D);
    return {p, p * (dp - delta) * capped_slope(score, layout.cap) * scale};
  }
};

template <class T>
struct attention_query_backward_kernel {
  attention_slopes<T> slopes;
  view<T> dq;

  constexpr void operator()(std::ptrdiff_t i) const {
    attention_layout const& layout = slopes.layout;
    std::ptrdiff_t row = i / layout.heads, h = i % layout.heads, g = h / layout.sharing();
    int D = layout.size;
    real<T> delta = slopes.delta(row, h);
    for (int d = 0; d < D; ++d) dq(row, h * D + d) = 0;
    each_visible_key(layout, layout.segment(layout.segment_of[row]), row, [&](std::ptrdiff_t j) {
      real<T> dscore = slopes.at(row, h, j, delta).dscore;
      for (int d = 0; d < D; ++d) dq(row, h * D + d) += (dscore * slopes.k(j, g * D + d)).value;
    });
  }
};

/// One key and its head: over all queries that see it, its own segment's and its children's.
template <class T>
struct attention_key_backward_kernel {
  attention_slopes<T> slopes;
  view<T> dk, dv;

  constexpr void operator()(std::ptrdiff_t i) const {
    attention_layout const& layout = slopes.layout;
    std::ptrdiff_t j = i / layout.kv_heads, g = i % layout.kv_heads;
    for (int d = 0; d < layout.size; ++d) dk(j, g * layout.size + d) = dv(j, g * layout.size + d) = 0;
    attention_segment s = layout.segment(layout.segment_of[j]);
    std::ptrdiff_t const after = s.query + s.queries, past = layout.window > 0 ? j + layout.window : after;
    for (std::ptrdiff_t row = j; row < (past < after ? past : after); ++row) add(row, g, j);
    for (std::ptrdiff_t c = s.first_child; c < s.first_child + s.children; ++c) {
      attention_segment child = layout.segment(c);
      // Its first query is as far from this key as there are tokens of the prefix from the key on.
      std::ptrdiff_t seeing = child.queries;
      if (layout.window > 0 && layout.window - (after - j) < seeing) seeing = layout.window - (after - j);
      for (std::ptrdiff_t row = child.query; row < child.query + seeing; ++row) add(row, g, j);
    }
  }
  constexpr void add(std::ptrdiff_t row, std::ptrdiff_t g, std::ptrdiff_t j) const {
    int D = slopes.layout.size, sharing = slopes.layout.sharing();
    for (std::ptrdiff_t h = g * sharing; h < (g + 1) * sharing; ++h) {
      auto [p, dscore] = slopes.at(row, h, j, slopes.delta(row, h));
      for (int d = 0; d < D; ++d) {
        dk(j, g * D + d) += (dscore * slopes.q(row, h * D + d)).value;
        dv(j, g * D + d) += (p * slopes.dout(row, h * D + d)).value;
      }
    }
  }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
