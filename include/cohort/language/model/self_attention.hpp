#pragma once
#include <cohort/backend/half_matrix.hpp>
#include <cohort/language/model/layer_product.hpp>
#include <cohort/language/model/rotary.hpp>

namespace COHORT_NAMESPACE {

/// Where a pass leaves its keys and values for later ones: rows `into` of a cache, whose rows are what the layout calls
/// keys: numbers of the backend, or where `halves` says so numbers of 16 bits.
template <class T>
struct cached_keys {
  view<T> keys, values;
  view<std::int32_t const> into;
  bool halves = false;
  half_matrix half_keys{}, half_values{};
};

/// A decoder's attention: queries, keys and values of x in one product, with biases, norms of each head and rotary
/// positions where the options say so; then the products of what the queries gather. The backward pass computes
/// attention from its log_total.
template <backend B>
class self_attention {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  /// y = or += attention of x.
  void forward(B& b, layer_weights<B> const& weights, rotary<B>& positions, attention_layout const& layout,
               cached_keys<T> const* cache, view<T const> x, view<T> y, bool add) {
    auto const& w = weights.vectors;
    std::ptrdiff_t const R = x.rows, q = w.wide(), kv = w.narrow();
    b.resize(qkv_, R * (q + 2 * kv)), b.resize(attended_, R * q), b.resize(log_total_, R * w.options.heads);
    view<T> const all = qkv_.matrix(R, q + 2 * kv);
    weights.qkv.forward(b, all, x, false);
    if (w.options.query_key_norms) normalize(b, w, all.columns_part(0, q + kv));
    if (!w.options.learned_positions) positions.turn(b, all.columns_part(0, q + kv));
    view<T const> const queries = all.columns_part(0, q), keys = all.columns_part(q, kv),
                        values = all.columns_part(q + kv, kv);
    auto const attend = [&](auto const& to_keys, auto const& to_values) {
      b.attention(layout, attended_.matrix(R, q), log_total_.matrix(R, w.options.heads), queries, to_keys, to_values);
    };
    auto const attend_in = [&](auto const& cached, auto const& cached_values) {
      b.scatter(cached, keys, cache->into);
      b.scatter(cached_values, values, cache->into);
      attend(cached, cached_values);
    };
    if (!cache) {
      attend(keys, values);
    } else if (!cache->halves) {
      attend_in(cache->keys, cache->values);
    } else if constexpr (half_caches<B>) {
      attend_in(cache->half_keys, cache->half_values);
    }
    weights.out.forward(b, y, view<T const>(attended_.matrix(R, q)), add);
  }

  /// Adds to `gradient`, given dy. normed(x) writes the layer's input into x, in whose place comes its gradient.
  template <class F>
  void backward(B& b, layer_weights<B> const& weights, layer_gradient<T> const& gradient, rotary<B>& positions,
                attention_layout const& layout, view<T const> dy, view<T> x, F normed) {
    auto const& w = weights.vectors;
    std::ptrdiff_t const R = dy.rows, q = w.wide(), kv = w.narrow(), n = q + 2 * kv;
    auto room = b.template temporary<T>(R * (q + n));
    view<T> const dattended(room.all().data, R, q), dqkv(dattended.data + R * q, R, n);
    view<T const> const all = qkv_.matrix(R, n), attended = attended_.matrix(R, q);
    auto const parts = [&](auto const& m) {
      return std::array{m.columns_part(0, q), m.columns_part(q, kv), m.columns_part(q + kv, kv)};
    };
    weights.out.backward(b, dattended, dy);
    weights.out.add_gradient(b, gradient.out, dy, attended);
    auto const [dq, dk, dv] = parts(dqkv);
    auto const [queries, keys, values] = parts(all);
    b.attention_backward(layout, dq, dk, dv, view<T const>(dattended), queries, keys, values, attended,
                         view<T const>(log_total_.matrix(R, w.options.heads)));
    if (!w.options.learned_positions) positions.turn(b, dqkv.columns_part(0, q + kv), true);
    if (w.options.query_key_norms) normalize_backward(b, w, gradient.vectors, dqkv.columns_part(0, q + kv));
    normed(x);
    weights.qkv.add_gradient(b, gradient.qkv, view<T const>(dqkv), view<T const>(x));
    weights.qkv.backward(b, x, view<T const>(dqkv));
  }

  std::ptrdiff_t size() const {
    return qkv_.size() + raw_.size() + root_.size() + attended_.size() + log_total_.size();
  }

 private:
  using part = decoder_part;

  /// f(head's columns of a matrix of queries and keys, number of the head, its norm's weights).
  template <class F>
  static void each_head(decoder_options const& o, F f) {
    for (int h = 0; h < o.heads + o.keys(); ++h) f(h, h < o.heads ? part::query_norm : part::key_norm);
  }
  static decoder_norm norm_of(decoder_options const& o) { return {o.norm, o.epsilon}; }

  void normalize(B& b, layer_parameters<T const> const& w, view<T> heads) {
    std::ptrdiff_t const R = heads.rows, D = w.options.size_of_head();
    b.resize(raw_, heads.size()), b.resize(root_, heads.size() / D);
    view<T> const raw = raw_.matrix(R, heads.columns);
    detail::copy_to(b, raw, heads);
    each_head(w.options, [&](int h, part norm) {
      norm_of(w.options).forward(b, heads.columns_part(h * D, D), root_.all().part(h * R, R),
                                 view<T const>(raw.columns_part(h * D, D)), w.head_norm(norm));
    });
  }
  /// The gradient of normalized heads becomes that of the ones that were normalized.
  void normalize_backward(B& b, layer_parameters<T const> const& w, layer_parameters<T> const& gradient, view<T> d) {
    std::ptrdiff_t const R = d.rows, D = w.options.size_of_head();
    auto room = b.template temporary<T>(d.size());
    view<T> const draw = room.matrix(R, d.columns), raw = raw_.matrix(R, d.columns);
    detail::fill_with(b, draw, 0);
    each_head(w.options, [&](int h, part norm) {
      norm_of(w.options).backward(b, draw.columns_part(h * D, D), gradient.head_norm(norm),
                                  view<T const>(d.columns_part(h * D, D)), view<T const>(raw.columns_part(h * D, D)),
                                  w.head_norm(norm), view<T const>(root_.all().part(h * R, R)));
    });
    detail::copy_to(b, d, draw);
  }

  array qkv_, raw_, root_, attended_, log_total_;
};

}  // namespace COHORT_NAMESPACE
