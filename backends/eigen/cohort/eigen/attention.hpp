#pragma once
#include <cohort/backend/attention.hpp>
#include <cohort/eigen/attention_of_query.hpp>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::eigen {

/// Matrices of one worker of attention, one after the other in memory; rows are padded to whole panels.
template <class T>
class attention_room {
 public:
  static constexpr std::ptrdiff_t tile = 48;  // queries whose scores exist at once

  static std::ptrdiff_t padded(std::ptrdiff_t n) {
    return (n + panel_columns<T> - 1) / panel_columns<T> * panel_columns<T>;
  }
  static std::ptrdiff_t size(std::ptrdiff_t S, int D) {
    return 4 * padded(S) * padded(D) + 4 * tile * padded(D) + 2 * tile * padded(S) + 2 * tile;
  }

  /// For S keys, heads of D numbers.
  attention_room(T* memory, std::ptrdiff_t S, int D) : keys(S), head(padded(D)), wide(padded(S)), rest_(memory) {
    k = take(wide * head), k_turned = take(wide * head), v = take(wide * head), v_turned = take(wide * head);
    q = take(tile * head), out = take(tile * head), dout = take(tile * head), dq = take(tile * head);
    scores = take(tile * wide), slopes = take(tile * wide), delta = take(tile), total = take(tile);
  }
  std::ptrdiff_t keys, head, wide;
  T *k, *k_turned, *v, *v_turned, *q, *out, *dout, *dq, *scores, *slopes, *delta, *total;

 private:
  T* take(std::ptrdiff_t n) { return std::exchange(rest_, rest_ + n); }
  T* rest_;
};

/// Attention of one run of queries after another, each with all heads that share its keys: scores by the products'
/// kernel, a tile of queries at a time.
template <class T>
class attention_of_segment {
  using P = pack<T>;
  using room = attention_room<T>;

 public:
  attention_of_segment(attention_layout const& layout, std::ptrdiff_t s)
      : layout_(layout), s_(layout.host[std::size_t(s)]), size_(layout.size) {
    if (s_.prefix >= 0) before_ = layout.host[std::size_t(s_.prefix)];
  }
  std::ptrdiff_t keys() const { return before_.keys + s_.keys; }

  /// For key head g, whose keys and values lie in K.
  template <class K>
  void forward(room& r, int g, view<T> out, view<T> log_total, view<T const> q, view<K const> k,
               view<K const> v) const {
    auto const keys_of = of_head(k, g), values_of = of_head(v, g);
    if (s_.queries == 1 && size_ % P::width == 0 && q.column_stride == 1 && k.column_stride == 1 &&
        v.column_stride == 1 && out.column_stride == 1)
      return forward_one(r, g, out, log_total, q, keys_of, values_of);
    turn(widened(keys_of, r.k, r), r.k_turned, r);
    rows_of values = by_rows(widened(values_of, r.v, r), r.v, r);
    for (int h = g * layout_.sharing(); h < (g + 1) * layout_.sharing(); ++h)
      each_tile([&](std::ptrdiff_t first, int n) {
        std::ptrdiff_t seen = find_scores(r, q, h, first, n);
        for (int i = 0; i < n; ++i) {
          auto [total, largest] = exponentials(r.scores + i * r.wide, seen);
          r.total[i] = 1 / total;
          log_total(s_.query + first + i, h) = largest + std::log(total);
        }
        sum_over_keys(r, n, first, r.scores, values, r.out);
        for (int i = 0; i < n; ++i)
          for (int d = 0; d < size_; ++d) out(s_.query + first + i, h * size_ + d) = r.out[i * r.head + d] * r.total[i];
      });
  }

  /// Writes dq; adds to dk and dv of the prefix, and writes those of its own keys.
  void backward(room& r, int g, view<T> dq, view<T> dk, view<T> dv, view<T const> dout, view<T const> q,
                view<T const> k, view<T const> v, view<T const> out, view<T const> log_total, T* dk_room,
                T* dv_room) const {
    turn(of_head(k, g), r.k_turned, r);
    turn(of_head(v, g), r.v_turned, r);
    rows_of keys_of = by_rows(of_head(k, g), r.k, r);
    std::fill_n(dk_room, r.wide * r.head, T(0));
    std::fill_n(dv_room, r.wide * r.head, T(0));
    T scale = T(layout_.scale());
    for (int h = g * layout_.sharing(); h < (g + 1) * layout_.sharing(); ++h)
      each_tile([&](std::ptrdiff_t first, int n) {
        std::ptrdiff_t seen = find_scores(r, q, h, first, n);
        copy_rows(dout, s_.query + first, n, h, r.dout, r.head);
        copy_rows(out, s_.query + first, n, h, r.out, r.head);
        multiply(n, size_, r.dout, r.head, 1, r.v_turned, r.wide, r.slopes, r.wide, seen, false);
        for (int i = 0; i < n; ++i) {
          T delta = 0, total = log_total(s_.query + first + i, h);
          for (int d = 0; d < size_; ++d) delta += r.dout[i * r.head + d] * r.out[i * r.head + d];
          for (std::ptrdiff_t j = 0; j < seen; j += P::width) {
            P score = P::load(r.scores + i * r.wide + j), p = exp(score - P(total)),
              dp = P::load(r.slopes + i * r.wide + j), slope = p * (dp - P(delta)) * P(scale);
            p.store(r.scores + i * r.wide + j);
            if (layout_.cap > 0)  // what isn't seen is -inf, and has no slope
              slope = select(p == P(0), P(0), slope * cohort::detail::capped_slope(score, layout_.cap));
            slope.store(r.slopes + i * r.wide + j);
          }
        }
        sum_over_keys(r, n, first, r.slopes, keys_of, r.dq);
        for (int i = 0; i < n; ++i)
          for (int d = 0; d < size_; ++d) dq(s_.query + first + i, h * size_ + d) = r.dq[i * r.head + d];
        copy_rows(q, s_.query + first, n, h, r.q, r.head);
        multiply(int(seen), n, r.slopes, 1, r.wide, r.q, r.head, dk_room, r.head, r.head, true);
        multiply(int(seen), n, r.scores, 1, r.wide, r.dout, r.head, dv_room, r.head, r.head, true);
      });
    for (std::ptrdiff_t j = 0; j < keys(); ++j) {
      bool of_prefix = j < before_.keys;
      std::ptrdiff_t row = of_prefix ? before_.key + j : s_.key + j - before_.keys;
      for (int d = 0; d < size_; ++d) {
        T a = dk_room[j * r.head + d], b = dv_room[j * r.head + d];
        dk(row, g * size_ + d) = of_prefix ? dk(row, g * size_ + d) + a : a;
        dv(row, g * size_ + d) = of_prefix ? dv(row, g * size_ + d) + b : b;
      }
    }
  }

 private:
  /// Keys or values of one head, a row each.
  template <class K>
  struct seen_rows {
    view<K const> of_prefix, own;
  };
  template <class K>
  seen_rows<K> of_head(view<K const> all, int g) const {
    auto const part = [&](auto const& s) { return all.part(s.key, s.keys).columns_part(g * size_, size_); };
    return {part(before_), part(s_)};
  }
  /// As numbers of the backend: where they lie, or in `room_for_all`.
  template <class K>
  seen_rows<T> widened(seen_rows<K> const& from, T* room_for_all, room const& r) const {
    if constexpr (std::is_same_v<K, T>) {
      return from;
    } else {
      view<T> const to(room_for_all, keys(), size_, r.head, 1);
      for (std::ptrdiff_t j = 0; j < from.of_prefix.rows; ++j) widen(&from.of_prefix(j, 0), size_, &to(j, 0));
      for (std::ptrdiff_t j = 0; j < from.own.rows; ++j) widen(&from.own(j, 0), size_, &to(before_.keys + j, 0));
      return {to.part(0, before_.keys), to.part(before_.keys, s_.keys)};
    }
  }

  template <class K>
  void forward_one(room& r, int g, view<T> out, view<T> log_total, view<T const> q, seen_rows<K> const& k,
                   seen_rows<K> const& v) const {
    attention_of_query<T, K> one{size_, T(layout_.scale())};
    using rows = typename attention_of_query<T, K>::rows;
    // What a window leaves of the prefix and of its own.
    std::ptrdiff_t const skipped = layout_.first_seen(keys()),
                         of_prefix = std::min<std::ptrdiff_t>(skipped, before_.keys), of_own = skipped - of_prefix,
                         prefix = before_.keys - of_prefix, own = s_.keys - of_own;
    auto const left = [](view<K const> all, std::ptrdiff_t first) {
      return rows{&all(first, 0), all.rows - first, all.row_stride};
    };
    for (int h = g * layout_.sharing(); h < (g + 1) * layout_.sharing(); ++h) {
      T const* query = &q(s_.query, h * size_);
      one.scores(query, left(k.of_prefix, of_prefix), r.scores);
      one.scores(query, left(k.own, of_own), r.scores + prefix);
      cap(r.scores, prefix + own);
      std::fill(r.scores + prefix + own, r.scores + room::padded(prefix + own), -std::numeric_limits<T>::infinity());
      auto [total, largest] = exponentials(r.scores, prefix + own);
      log_total(s_.query, h) = largest + std::log(total);
      one.values(r.scores, left(v.of_prefix, of_prefix), left(v.own, of_own), 1 / total, &out(s_.query, h * size_));
    }
  }
  template <class F>
  void each_tile(F f) const {
    for (std::ptrdiff_t first = 0; first < s_.queries; first += room::tile)
      f(first, int(std::min<std::ptrdiff_t>(room::tile, s_.queries - first)));
  }
  void copy_rows(view<T const> from, std::ptrdiff_t first, std::ptrdiff_t n, int head, T* to,
                 std::ptrdiff_t stride) const {
    copy_rows(from.part(first, n).columns_part(head * size_, size_), to, stride);
  }
  void copy_rows(view<T const> from, T* to, std::ptrdiff_t stride) const {
    for (std::ptrdiff_t i = 0; i < from.rows; ++i, to += stride) {
      if (T const* row = &from(i, 0); from.column_stride != 1)
        for (int d = 0; d < size_; ++d) to[d] = row[d * from.column_stride];
      else if (row != to) std::copy_n(row, size_, to);
      if (size_ < stride) std::fill(to + size_, to + stride, T(0));
    }
  }
  /// A column for each key that the segment sees, prefix first; zeros up to a whole panel.
  void turn(seen_rows<T> const& from, T* to, room const& r) const {
    turn_rows(from.of_prefix, to, r.wide);
    turn_rows(from.own, to + before_.keys, r.wide);
    for (int d = 0; d < size_; ++d) std::fill(to + d * r.wide + keys(), to + d * r.wide + room::padded(keys()), T(0));
  }
  void turn_rows(view<T const> from, T* to, std::ptrdiff_t stride) const {
    constexpr int W = P::width;
    std::ptrdiff_t j = 0;
    if (from.column_stride == 1 && size_ % W == 0)
      for (; j + W <= from.rows; j += W)
        for (int d = 0; d < size_; d += W) transpose_square(&from(j, d), from.row_stride, to + d * stride + j, stride);
    for (; j < from.rows; ++j)
      for (int d = 0; d < size_; ++d) to[d * stride + j] = from(j, d);
  }
  /// The same, a row for each key: where they lie if heads fill whole panels, and in `room_for_all` elsewhere.
  struct rows_of {
    T const *of_prefix, *own;
    std::ptrdiff_t stride;
  };
  rows_of by_rows(seen_rows<T> const& from, T* room_for_all, room const& r) const {
    if (from.own.column_stride == 1 && size_ == r.head)
      return {from.of_prefix.data, from.own.data, from.own.row_stride};
    copy_rows(from.of_prefix, room_for_all, r.head);
    copy_rows(from.own, room_for_all + before_.keys * r.head, r.head);
    return {room_for_all, room_for_all + before_.keys * r.head, r.head};
  }
  /// out (n x head) = weights (n x keys) times the rows of the keys that queries from `first` see.
  void sum_over_keys(room const& r, int n, std::ptrdiff_t first, T const* weights, rows_of const& rows, T* out) const {
    std::ptrdiff_t own = s_.keys - s_.queries + first + n;
    multiply(n, before_.keys, weights, r.wide, 1, rows.of_prefix, rows.stride, out, r.head, r.head, false);
    multiply(n, own, weights + before_.keys, r.wide, 1, rows.own, rows.stride, out, r.head, r.head, true);
  }
  /// Scaled scores of n queries; what a query doesn't see is -inf. How many columns there are, padded to whole panels.
  std::ptrdiff_t find_scores(room& r, view<T const> q, int h, std::ptrdiff_t first, int n) const {
    copy_rows(q, s_.query + first, n, h, r.q, r.head);
    T scale = T(layout_.scale());
    for (std::ptrdiff_t i = 0; i < n * r.head; ++i) r.q[i] *= scale;
    std::ptrdiff_t past = before_.keys + s_.keys - s_.queries + first + 1, seen = room::padded(past + n - 1);
    multiply(n, size_, r.q, r.head, 1, r.k_turned, r.wide, r.scores, r.wide, seen, false);
    for (int i = 0; i < n; ++i) {
      T* const row = r.scores + i * r.wide;
      cap(row, past + i);
      std::fill_n(row, layout_.first_seen(past + i), -std::numeric_limits<T>::infinity());
      std::fill(row + past + i, row + seen, -std::numeric_limits<T>::infinity());
    }
    return seen;
  }
  /// Whole vectors of n scores.
  void cap(T* scores, std::ptrdiff_t n) const {
    if (layout_.cap > 0)
      for (std::ptrdiff_t j = 0; j < n; j += P::width)
        cohort::detail::capped(P::load(scores + j), layout_.cap).store(scores + j);
  }
  /// c (rows x columns) = or += a (rows x depth) b; the columns are whole panels.
  static void multiply(int rows, std::ptrdiff_t depth, T const* a, std::ptrdiff_t a_row, std::ptrdiff_t a_depth,
                       T const* b, std::ptrdiff_t b_stride, T* c, std::ptrdiff_t c_stride, std::ptrdiff_t columns,
                       bool add) {
    static constexpr T zeros[panel_columns<T>] = {};
    constexpr int width = panel_columns<T>, wide = 8 * P::width;
    // A single row, as when tokens are generated, has too few chains in two vectors.
    for (; rows == 1 && columns >= wide; columns -= wide, b += wide, c += wide) {
      static constexpr T none[wide] = {};
      product_rows<1, 8, T>(depth, a, a_row, a_depth, b, b_stride, 0, add ? c : none, 0, 0, c, c_stride, 1);
    }
    product_of_rows<T, 2>(rows, depth, a, a_row, a_depth, b, b_stride, width, add ? c : zeros, add ? c_stride : 0,
                          add ? width : 0, c, c_stride, columns / width);
  }

  attention_layout const& layout_;
  attention_segment s_, before_{};
  int size_;
};

}  // namespace COHORT_NAMESPACE::eigen
