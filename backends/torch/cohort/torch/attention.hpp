#pragma once
#include <ATen/ATen.h>
#include <cohort/backend/attention.hpp>

namespace COHORT_NAMESPACE::torch::detail {

/// Attention by operations on tensors: a segment at a time, of it a tile of queries, all heads at once. Matrices are
/// rows x (heads size).
class tensor_attention {
 public:
  tensor_attention(attention_layout const& layout, at::Tensor q, at::Tensor k, at::Tensor v)
      : layout_(layout), q_(q), k_(k), v_(v) {}

  void forward(at::Tensor out, at::Tensor log_total) const {
    for (attention_segment const& s : layout_.host) {
      if (s.queries == 0) continue;
      at::Tensor keys = seen(k_, s), values = seen(v_, s);
      each_tile(s, [&](tile const& t) {
        at::Tensor weights = scores(t, query_heads(q_, t, layout_.size), keys), largest = at::amax(weights, {2}, true);
        weights.sub_(largest).exp_();
        at::Tensor total = at::sum(weights, {2}, true);
        write(out, t, layout_.size, at::bmm(weights, values.narrow(1, 0, t.visible)).div_(total));
        write(log_total, t, 1, total.log().add_(largest));
      });
    }
  }

  void backward(at::Tensor dq, at::Tensor dk, at::Tensor dv, at::Tensor dout, at::Tensor out,
                at::Tensor log_total) const {
    dk.zero_();
    dv.zero_();
    for (attention_segment const& s : layout_.host) {
      if (s.queries == 0) continue;
      at::Tensor keys = seen(k_, s), values = seen(v_, s), dkeys = at::zeros_like(keys),
                 dvalues = at::zeros_like(values);
      each_tile(s, [&](tile const& t) {
        at::Tensor q = query_heads(q_, t, layout_.size), slope = query_heads(dout, t, layout_.size),
                   visible = keys.narrow(1, 0, t.visible);
        at::Tensor weights = scores(t, q, keys).sub_(query_heads(log_total, t, 1)).exp_();
        at::Tensor mean = at::sum(slope * query_heads(out, t, layout_.size), {2}, true);
        at::Tensor dscores = at::bmm(slope, values.narrow(1, 0, t.visible).transpose(1, 2))
                                 .sub_(mean)
                                 .mul_(weights)
                                 .mul_(layout_.scale());
        if (layout_.cap > 0) dscores.mul_(1 - at::square(raw_scores(t, q, keys).div_(layout_.cap).tanh_()));
        write(dq, t, layout_.size, at::bmm(dscores, visible));
        dkeys.narrow(1, 0, t.visible).add_(at::bmm(dscores.transpose(1, 2), q));
        dvalues.narrow(1, 0, t.visible).add_(at::bmm(weights.transpose(1, 2), slope));
      });
      add_seen(dk, s, dkeys);
      add_seen(dv, s, dvalues);
    }
  }

 private:
  /// `count` queries from a row on, and how many keys the last of them sees.
  struct tile {
    std::int64_t row, count, visible;
  };
  template <class F>
  void each_tile(attention_segment const& s, F f) const {
    constexpr std::int64_t most = 256;
    std::int64_t before = (s.prefix >= 0 ? prefix(s).keys : 0) + s.keys - s.queries;
    for (std::int64_t first = 0; first < s.queries; first += most) {
      std::int64_t n = std::min<std::int64_t>(most, s.queries - first);
      f(tile{s.query + first, n, before + first + n});
    }
  }
  attention_segment const& prefix(attention_segment const& s) const { return layout_.host[std::size_t(s.prefix)]; }
  at::Tensor key_heads(at::Tensor const& rows) const {
    return rows.view({rows.size(0), layout_.kv_heads, layout_.size}).transpose(0, 1);
  }

  /// Rows of all keys that a segment sees, prefix first: kv_heads x keys x size.
  at::Tensor seen(at::Tensor const& rows, attention_segment const& s) const {
    at::Tensor own = rows.narrow(0, s.key, s.keys);
    return key_heads(s.prefix < 0 ? own : at::cat({rows.narrow(0, prefix(s).key, prefix(s).keys), own}));
  }
  void add_seen(at::Tensor const& rows, attention_segment const& s, at::Tensor const& x) const {
    std::int64_t before = s.prefix >= 0 ? prefix(s).keys : 0;
    if (before > 0) key_heads(rows.narrow(0, prefix(s).key, before)).add_(x.narrow(1, 0, before));
    key_heads(rows.narrow(0, s.key, s.keys)).add_(x.narrow(1, before, s.keys));
  }
  /// The queries of a tile, those of all heads that share keys after one another: kv_heads x sharing x count x width.
  at::Tensor in_heads(at::Tensor const& rows, tile const& t, std::int64_t width) const {
    return rows.narrow(0, t.row, t.count)
        .view({t.count, layout_.kv_heads, layout_.sharing(), width})
        .permute({1, 2, 0, 3});
  }
  at::Tensor query_heads(at::Tensor const& rows, tile const& t, std::int64_t width) const {
    return in_heads(rows, t, width).reshape({layout_.kv_heads, layout_.sharing() * t.count, width});
  }
  void write(at::Tensor const& rows, tile const& t, std::int64_t width, at::Tensor const& x) const {
    in_heads(rows, t, width).copy_(x.view({layout_.kv_heads, layout_.sharing(), t.count, width}));
  }
  at::Tensor raw_scores(tile const& t, at::Tensor const& q, at::Tensor const& keys) const {
    return at::bmm(q, keys.narrow(1, 0, t.visible).transpose(1, 2)).mul_(layout_.scale());
  }
  /// kv_heads x (sharing count) x visible; -inf where a query is before the key, or too far behind it.
  at::Tensor scores(tile const& t, at::Tensor const& q, at::Tensor const& keys) const {
    at::Tensor all = raw_scores(t, q, keys);
    if (layout_.cap > 0) all.div_(layout_.cap).tanh_().mul_(layout_.cap);
    at::Tensor by_query = all.view({layout_.kv_heads, layout_.sharing(), t.count, t.visible});
    double const nothing = -std::numeric_limits<double>::infinity();
    auto flags = all.options().dtype(at::kBool);
    if (t.count > 1)
      by_query.narrow(3, t.visible - t.count, t.count)
          .masked_fill_(at::ones({t.count, t.count}, flags).triu(1), nothing);
    if (layout_.window > 0 && t.visible > layout_.window)
      by_query.masked_fill_(at::ones({t.count, t.visible}, flags).tril(t.visible - t.count - layout_.window), nothing);
    return all;
  }

  attention_layout const& layout_;
  at::Tensor q_, k_, v_;
};

}  // namespace COHORT_NAMESPACE::torch::detail
