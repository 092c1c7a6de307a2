#pragma once
#include <cohort/backend/half_matrix.hpp>
#include <cohort/language/model/layer_parameters.hpp>
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
  void forward(B& b, layer_parameters<T const> const& w, weight_factor<B> const& qkv, weight_factor<B> const& out,
               rotary<B>& positions, attention_layout const& layout, cached_keys<T> const* cache, view<T const> x,
               view<T> y, bool add) {
    std::ptrdiff_t const R = x.rows, q = w.wide(), kv = w.narrow();
    b.resize(qkv_, R * (q + 2 * kv)), b.resize(attended_, R * q), b.resize(log_total_, R * w.options.heads);
    view<T> const all = qkv_.matrix(R, q + 2 * kv);
    detail::affine(b, all, x, qkv, w.qkv_bias(), false);
    if (w.options.query_key_norms) normalize(b, w, detail::columns_of(all, 0, q + kv));
    if (!w.options.learned_positions) positions.turn(b, detail::columns_of(all, 0, q + kv));
    view<T const> const queries = detail::columns_of(all, 0, q), keys = detail::columns_of(all, q, kv),
                        values = detail::columns_of(all, q + kv, kv);
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
    detail::affine(b, y, view<T const>(attended_.matrix(R, q)), out, w.out_bias(), add);
  }

  /// Adds to `gradient`, given dy. normed(x) writes the layer's input into x, in whose place comes its gradient.
  template <class F>
  void backward(B& b, layer_parameters<T const> const& w, layer_parameters<T> const& gradient, rotary<B>& positions,
                attention_layout const& layout, view<T const> dy, view<T> x, F normed) {
    std::ptrdiff_t const R = dy.rows, q = w.wide(), kv = w.narrow(), n = q + 2 * kv;
    auto room = b.template temporary<T>(R * (q + n));
    view<T> const dattended(room.all().data, R, q), dqkv(dattended.data + R * q, R, n);
    view<T const> const all = qkv_.matrix(R, n), attended = attended_.matrix(R, q);
    auto const parts = [&](auto const& m) {
      return std::array{detail::columns_of(m, 0, q), detail::columns_of(m, q, kv), detail::columns_of(m, q + kv, kv)};
    };
    b.matmul(dattended, dy, w.out());
    detail::affine_backward(b, gradient.out(), gradient.out_bias(), dy, attended);
    auto const [dq, dk, dv] = parts(dqkv);
    auto const [queries, keys, values] = parts(all);
    b.attention_backward(layout, dq, dk, dv, view<T const>(dattended), queries, keys, values, attended,
                         view<T const>(log_total_.matrix(R, w.options.heads)));
    if (!w.options.learned_positions) positions.turn(b, detail::columns_of(dqkv, 0, q + kv), true);
    if (w.options.query_key_norms) normalize_backward(b, w, gradient, detail::columns_of(dqkv, 0, q + kv));
    normed(x);
    detail::affine_backward(b, gradient.qkv(), gradient.qkv_bias(), view<T const>(dqkv), view<T const>(x));
    b.matmul(x, view<T const>(dqkv), w.qkv());
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
      norm_of(w.options).forward(b, detail::columns_of(heads, h * D, D), root_.all().part(h * R, R),
                                 view<T const>(detail::columns_of(raw, h * D, D)), w.head_norm(norm));
    });
  }
  /// The gradient of normalized heads becomes that of the ones that were normalized.
  void normalize_backward(B& b, layer_parameters<T const> const& w, layer_parameters<T> const& gradient, view<T> d) {
    std::ptrdiff_t const R = d.rows, D = w.options.size_of_head();
    auto room = b.template temporary<T>(d.size());
    view<T> const draw = room.matrix(R, d.columns), raw = raw_.matrix(R, d.columns);
    detail::fill_with(b, draw, 0);
    each_head(w.options, [&](int h, part norm) {
      norm_of(w.options).backward(b, detail::columns_of(draw, h * D, D), gradient.head_norm(norm),
                                  view<T const>(detail::columns_of(d, h * D, D)),
                                  view<T const>(detail::columns_of(raw, h * D, D)), w.head_norm(norm),
                                  view<T const>(root_.all().part(h * R, R)));
    });
    detail::copy_to(b, d, draw);
  }

  array qkv_, raw_, root_, attended_, log_total_;
};

}  // namespace COHORT_NAMESPACE
