#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/decoder_options.hpp>
#include <cohort/language/model/gated.hpp>
#include <cohort/language/model/rms_norm.hpp>
#include <cohort/language/model/rotary.hpp>
#include <cohort/optimizer/parameter_layout.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class T>
view<T> columns_of(view<T> m, std::ptrdiff_t first, std::ptrdiff_t count) {
  return {m.data + first, m.rows, count, m.row_stride, m.column_stride};
}

}  // namespace detail

/// Tokens packed one after the other, as a decoder reads them.
struct packed_tokens {
  view<std::int32_t const> token;     ///< R
  view<std::int32_t const> position;  ///< R, within their series; each below layout.longest()
  attention_layout layout;
  std::ptrdiff_t rows() const { return token.rows; }
};

/// A decoder-only transformer of the Llama family, over parameters that lie in somebody else's flat array (tensors_of
/// says where):
///
///     x_0 = E[token],    y_l = x_l + Attention(norm(x_l)) W_o',
///     x_{l+1} = y_l + (silu(n W_gate') n W_up') W_down', n = norm(y_l),    hidden = norm(x_L)
///
/// with rotary positions and grouped queries, whose products may have biases. Rows are packed: a segment sees itself
/// and its prefix (see attention_layout), and nothing is padded. The head is not part of it (see token_head). The
/// backward pass computes norms and gates again, and attention from its log_total.
template <backend B>
class decoder {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  decoder() = default;
  decoder(B&, decoder_options const& o) : options_(o) {
    o.check();
    auto all = tensors_of(o);
    parameters_ = all.back().offset + all.back().size();
    for (auto const& t : all) offsets_.push_back(t.offset);
    rotary_ = rotary<B>(o.size_of_head(), o.rope_base, o.scaling);
    layers_.resize(std::size_t(o.layers));
  }

  decoder_options const& options() const { return options_; }
  std::ptrdiff_t parameters() const { return parameters_; }

  /// f of each weight, in the order of the array. An embedding that is the head, too, is one of the input.
  template <class F>
  void for_each_matrix(F f) const {
    for (auto const& t : tensors_of(options_)) {
      auto place = t.offset == 0                  ? matrix_place::input
                   : t.offset == offset_of_head() ? matrix_place::output
                                                  : matrix_place::hidden;
      if (t.columns > 0) f(parameter_matrix{t.offset, t.rows, t.columns, place});
    }
  }

  /// Rows of weights by which hidden states become logits: V x H.
  template <class U>
  view<U> head(view<U> parameters) const {
    return {parameters.data + offset_of_head(), options_.vocabulary, options_.hidden};
  }

  /// The keys and values of one layer where tokens are generated one after the other: rows of earlier calls stay, and
  /// the layout's keys name them.
  struct cache {
    std::vector<array> keys, values;
  };
  void reserve(B& backend, cache& c, std::ptrdiff_t rows) const {
    c.keys.resize(layers_.size()), c.values.resize(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      backend.resize(c.keys[l], rows * narrow());
      backend.resize(c.values[l], rows * narrow());
    }
  }

  /// Weights in the form that products like best, for many forward passes with the same parameters; from forget on they
  /// are read where they lie.
  void prepare(B& backend, view<T const> parameters) {
    prepared_.resize(4 * layers_.size() + 1);
    factors_.clear();
    for (std::size_t l = 0; l < layers_.size(); ++l)
      for (int k = 0; k < 4; ++k)
        factors_.push_back(backend.prepare(prepared_[4 * l + std::size_t(k)], weight(parameters, l, k).transposed()));
    factors_.push_back(backend.prepare(prepared_.back(), head(parameters).transposed()));
  }
  void forget() { factors_.clear(); }
  /// The head's weights turned, as a right factor.
  typename B::factor head_factor(view<T const> parameters) const {
    return factors_.empty() ? typename B::factor(head(parameters).transposed()) : factors_.back();
  }

  /// Hidden states (R x H), kept until the next pass; backward may follow.
  view<T> forward(B& backend, view<T const> parameters, packed_tokens const& in) {
    return forward(backend, parameters, in, nullptr, {});
  }
  /// Hidden states of tokens whose keys and values go to rows `into` of a cache; what the layout calls keys are the
  /// cache's rows.
  view<T> forward(B& backend, view<T const> parameters, packed_tokens const& in, cache& c,
                  view<std::int32_t const> into) {
    return forward(backend, parameters, in, &c, into);
  }

  /// Adds the gradient of sum(dhidden hidden) of the last pass without a cache to `gradient`; overwrites dhidden.
  void backward(B& backend, view<T const> parameters, packed_tokens const& in, view<T> dhidden, view<T> gradient) {
    std::ptrdiff_t R = in.rows(), H = options_.hidden;
    std::size_t last = layers_.size();
    auto room = backend.template temporary<T>(R * H);
    view<T> dx = room.matrix(R, H);
    detail::fill_with(backend, dx, 0);
    view<T const> x = last == 0 ? first_.matrix(R, H) : layers_[last - 1].x.matrix(R, H);
    rms_norm_backward(backend, dx, vector(gradient, final_norm()), view<T const>(dhidden), x,
                      vector(parameters, final_norm()), view<T const>(root_.all()));
    for (std::size_t l = last; l-- > 0;) layer_backward(backend, parameters, in, l, dx, dhidden, gradient);
    backend.scatter_add(matrix(gradient, 0, options_.vocabulary, H), view<T const>(dx), in.token);
  }

  std::size_t activation_bytes() const {
    std::ptrdiff_t n = first_.size() + root_.size() + hidden_.size();
    for (auto const& l : layers_)
      n += l.root1.size() + l.qkv.size() + l.attended.size() + l.log_total.size() + l.y.size() + l.root2.size() +
           l.gates.size() + l.x.size();
    return std::size_t(n) * sizeof(T);
  }

 private:
  struct layer {
    array root1, qkv, attended, log_total, y, root2, gates, x;  // x: what comes out
  };
  enum part { norm1, queries, keys, values, out, norm2, gate, up, down, parts };  // biases stand before `out`

  std::ptrdiff_t offset_of_head() const { return options_.tied ? 0 : offsets_.back(); }
  std::ptrdiff_t wide() const { return std::ptrdiff_t(options_.heads) * options_.size_of_head(); }
  std::ptrdiff_t narrow() const { return std::ptrdiff_t(options_.keys()) * options_.size_of_head(); }
  std::size_t of_a_layer() const { return parts + (options_.biased ? 3u : 0u); }
  std::size_t tensor(std::size_t l, part p) const {
    return 1 + l * of_a_layer() + p + (options_.biased && p >= out ? 3u : 0u);
  }
  std::size_t final_norm() const { return 1 + layers_.size() * of_a_layer(); }
  /// Of queries, keys and values, as each of R rows.
  template <class U>
  view<U> biases(view<U> all, std::size_t l, std::ptrdiff_t rows) const {
    return {all.data + offsets_[tensor(l, values) + 1], rows, wide() + 2 * narrow(), 0, 1};
  }
  template <class U>
  view<U> matrix(view<U> all, std::size_t tensor, std::ptrdiff_t rows, std::ptrdiff_t columns) const {
    return {all.data + offsets_[tensor], rows, columns};
  }
  /// The four products of a layer: queries, keys and values; out; gate and up; down.
  view<T const> weight(view<T const> all, std::size_t l, int k) const {
    std::ptrdiff_t H = options_.hidden, I = options_.intermediate;
    if (k == 0) return matrix(all, tensor(l, queries), wide() + 2 * narrow(), H);
    if (k == 1) return matrix(all, tensor(l, out), H, wide());
    return k == 2 ? matrix(all, tensor(l, gate), 2 * I, H) : matrix(all, tensor(l, down), H, I);
  }
  typename B::factor factor(view<T const> all, std::size_t l, int k) const {
    return factors_.empty() ? typename B::factor(weight(all, l, k).transposed()) : factors_[4 * l + std::size_t(k)];
  }
  template <class U>
  view<U> vector(view<U> all, std::size_t tensor) const {
    return {all.data + offsets_[tensor], options_.hidden};
  }

  view<T> forward(B& backend, view<T const> parameters, packed_tokens const& in, cache* c,
                  view<std::int32_t const> into) {
    std::ptrdiff_t R = in.rows(), H = options_.hidden;
    backend.resize(first_, R * H);
    backend.gather(first_.matrix(R, H), matrix(parameters, 0, options_.vocabulary, H), in.token);
    rotary_.place(backend, in.position, in.layout.longest());
    view<T const> x = first_.matrix(R, H);
    auto room = backend.template temporary<T>(R * H);
    for (std::size_t l = 0; l < layers_.size(); ++l)
      x = layer_forward(backend, parameters, in, l, x, room.matrix(R, H), c, into);
    backend.resize(root_, R);
    backend.resize(hidden_, R * H);
    rms_norm(backend, hidden_.matrix(R, H), root_.all(), x, vector(parameters, final_norm()), options_.epsilon);
    return hidden_.matrix(R, H);
  }

  view<T const> layer_forward(B& backend, view<T const> parameters, packed_tokens const& in, std::size_t l,
                              view<T const> x, view<T> normed, cache* c, view<std::int32_t const> into) {
    std::ptrdiff_t R = in.rows(), H = options_.hidden, I = options_.intermediate, q = wide(), kv = narrow(),
                   all = q + 2 * kv;
    layer& s = layers_[l];
    backend.resize(s.root1, R), backend.resize(s.root2, R), backend.resize(s.qkv, R * all),
        backend.resize(s.attended, R * q);
    backend.resize(s.log_total, R * options_.heads), backend.resize(s.y, R * H), backend.resize(s.gates, R * 2 * I),
        backend.resize(s.x, R * H);

    rms_norm(backend, normed, s.root1.all(), x, vector(parameters, tensor(l, norm1)), options_.epsilon);
    view<T> qkv = s.qkv.matrix(R, all), keys_of = detail::columns_of(qkv, q, kv),
            values_of = detail::columns_of(qkv, q + kv, kv);
    if (options_.biased) detail::copy_to(backend, qkv, biases(parameters, l, R));
    backend.matmul_prepared(qkv, view<T const>(normed), factor(parameters, l, 0), options_.biased);
    rotary_.turn(backend, detail::columns_of(qkv, 0, q + kv));
    if (c) {
      std::ptrdiff_t rows = c->keys[l].size() / kv;
      backend.scatter(c->keys[l].matrix(rows, kv), view<T const>(keys_of), into);
      backend.scatter(c->values[l].matrix(rows, kv), view<T const>(values_of), into);
      keys_of = c->keys[l].matrix(rows, kv), values_of = c->values[l].matrix(rows, kv);
    }
    backend.attention(in.layout, s.attended.matrix(R, q), s.log_total.matrix(R, options_.heads),
                      view<T const>(detail::columns_of(qkv, 0, q)), view<T const>(keys_of), view<T const>(values_of));
    view<T> y = s.y.matrix(R, H);
    detail::copy_to(backend, y, x);
    backend.matmul_prepared(y, view<T const>(s.attended.matrix(R, q)), factor(parameters, l, 1), true);

    rms_norm(backend, normed, s.root2.all(), view<T const>(y), vector(parameters, tensor(l, norm2)), options_.epsilon);
    view<T> gates = s.gates.matrix(R, 2 * I);
    backend.matmul_prepared(gates, view<T const>(normed), factor(parameters, l, 2));
    auto room = backend.template temporary<T>(R * I);
    view<T> inner = room.matrix(R, I);
    backend.map(outputs{inner}, detail::gated{}, view<T const>(detail::columns_of(gates, 0, I)),
                view<T const>(detail::columns_of(gates, I, I)));
    view<T> next = s.x.matrix(R, H);
    detail::copy_to(backend, next, y);
    backend.matmul_prepared(next, view<T const>(inner), factor(parameters, l, 3), true);
    return next;
  }

  /// dx, the gradient of what comes out of layer l, becomes that of what goes in; scratch is R x H.
  void layer_backward(B& backend, view<T const> parameters, packed_tokens const& in, std::size_t l, view<T> dx,
                      view<T> scratch, view<T> gradient) {
    std::ptrdiff_t R = in.rows(), H = options_.hidden, I = options_.intermediate, q = wide(), kv = narrow(),
                   all = q + 2 * kv;
    layer& s = layers_[l];
    view<T const> x = l == 0 ? first_.matrix(R, H) : layers_[l - 1].x.matrix(R, H), y = s.y.matrix(R, H);
    {
      auto room = backend.template temporary<T>(R * 3 * I);
      view<T> inner(room.all().data, R, I), dgates(inner.data + R * I, R, 2 * I);
      view<T const> gates = s.gates.matrix(R, 2 * I);
      backend.matmul(inner, view<T const>(dx), matrix(parameters, tensor(l, down), H, I));
      backend.map(outputs{detail::columns_of(dgates, 0, I), detail::columns_of(dgates, I, I), inner},
                  detail::gated_slope{}, detail::columns_of(gates, 0, I), detail::columns_of(gates, I, I),
                  view<T const>(inner));
      backend.matmul(matrix(gradient, tensor(l, down), H, I), view<T const>(dx).transposed(), view<T const>(inner),
                     true);
      rms_norm_again(backend, scratch, view<T const>(s.root2.all()), y, vector(parameters, tensor(l, norm2)));
      backend.matmul(matrix(gradient, tensor(l, gate), 2 * I, H), view<T const>(dgates).transposed(),
                     view<T const>(scratch), true);
      backend.matmul(scratch, view<T const>(dgates), matrix(parameters, tensor(l, gate), 2 * I, H));
      rms_norm_backward(backend, dx, vector(gradient, tensor(l, norm2)), view<T const>(scratch), y,
                        vector(parameters, tensor(l, norm2)), view<T const>(s.root2.all()));
    }
    auto room = backend.template temporary<T>(R * (q + all));
    view<T> dattended(room.all().data, R, q), dqkv(dattended.data + R * q, R, all);
    view<T const> qkv = s.qkv.matrix(R, all), attended = s.attended.matrix(R, q);
    backend.matmul(dattended, view<T const>(dx), matrix(parameters, tensor(l, out), H, q));
    backend.matmul(matrix(gradient, tensor(l, out), H, q), view<T const>(dx).transposed(), attended, true);
    backend.attention_backward(in.layout, detail::columns_of(dqkv, 0, q), detail::columns_of(dqkv, q, kv),
                               detail::columns_of(dqkv, q + kv, kv), view<T const>(dattended),
                               detail::columns_of(qkv, 0, q), detail::columns_of(qkv, q, kv),
                               detail::columns_of(qkv, q + kv, kv), attended,
                               view<T const>(s.log_total.matrix(R, options_.heads)));
    rotary_.turn(backend, detail::columns_of(dqkv, 0, q + kv), true);
    if (options_.biased) {
      auto sums = backend.template temporary<T>(all);
      backend.column_sum(sums.matrix(1, all), view<T const>(dqkv));
      detail::add_to(backend, biases(gradient, l, 1), view<T const>(sums.matrix(1, all)));
    }
    rms_norm_again(backend, scratch, view<T const>(s.root1.all()), x, vector(parameters, tensor(l, norm1)));
    backend.matmul(matrix(gradient, tensor(l, queries), all, H), view<T const>(dqkv).transposed(),
                   view<T const>(scratch), true);
    backend.matmul(scratch, view<T const>(dqkv), matrix(parameters, tensor(l, queries), all, H));
    rms_norm_backward(backend, dx, vector(gradient, tensor(l, norm1)), view<T const>(scratch), x,
                      vector(parameters, tensor(l, norm1)), view<T const>(s.root1.all()));
  }

  decoder_options options_;
  std::ptrdiff_t parameters_ = 0;
  std::vector<std::ptrdiff_t> offsets_;
  rotary<B> rotary_;
  std::vector<layer> layers_;
  array first_, root_, hidden_;
  std::vector<array> prepared_;
  std::vector<typename B::factor> factors_;
};

}  // namespace COHORT_NAMESPACE
