#pragma once
#include <cohort/language/model/feed_forward.hpp>
#include <cohort/language/model/residual_block.hpp>
#include <cohort/language/model/self_attention.hpp>
#include <cohort/optimizer/parameter_layout.hpp>

namespace COHORT_NAMESPACE {

/// Tokens packed one after the other, as a decoder reads them.
struct packed_tokens {
  view<std::int32_t const> token;     ///< R
  view<std::int32_t const> position;  ///< R, within their series; each below layout.longest()
  attention_layout layout;
  std::ptrdiff_t rows() const { return token.rows; }
};

/// A decoder-only transformer over parameters that lie in somebody else's flat array (lay_out says where):
///
///     x_0 = E[token] (+ P[position]),    y_l = x_l + attention(norm(x_l)),    x_{l+1} = y_l + feed_forward(norm(y_l)),
///     hidden = norm(x_L)
///
/// with the parts that its options name (see residual_block, self_attention, feed_forward and decoder_norm). Rows are
/// packed: a segment sees itself and its prefix (see attention_layout), and nothing is padded. The head is not part of
/// it (see token_head). The backward pass computes norms and activations again, and attention from its log_total.
template <backend B>
class decoder {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  decoder() = default;
  decoder(B&, decoder_options const& o) : decoder(o, {}) {}
  /// One that only goes forward: its parameters are the vectors among the tensors, and its weights lie elsewhere, where
  /// they have to stay.
  decoder(B&, decoder_options const& o, stored_weights weights)
    requires stored_products<B>
      : decoder(o, std::move(weights)) {}

  decoder_options const& options() const { return options_; }
  std::ptrdiff_t parameters() const { return places_.parameters(); }

  /// f of each weight, in the order of the array. An embedding that is the head, too, is one of the input.
  template <class F>
  void for_each_matrix(F f) const {
    for (auto const& t : places_.tensors) {
      auto place = t.offset == 0 || t.offset == places_.positions ? matrix_place::input
                   : t.offset == places_.head                     ? matrix_place::output
                                                                  : matrix_place::hidden;
      if (t.columns > 0) f(parameter_matrix{t.offset, t.rows, t.columns, place});
    }
  }

  /// Rows of weights by which hidden states become logits: V x H.
  template <class U>
  view<U> head(view<U> parameters) const {
    return {parameters.data + places_.head, options_.vocabulary, options_.hidden};
  }

  /// The keys and values of each layer where tokens are generated one after the other: rows of earlier calls stay, and
  /// the layout's keys name them. In F16 or BF16, where the backend has half_caches, two numbers take the place of one.
  struct cache {
    stored_type type = stored_type::f32;  ///< F32: the backend's numbers
    std::vector<array> keys, values;
    bool halves() const { return type != stored_type::f32; }
  };
  void reserve(B& backend, cache& c, std::ptrdiff_t rows) const {
    if (c.halves() && !(half_caches<B> && (c.type == stored_type::f16 || c.type == stored_type::bf16)))
      throw value_error("the cache of keys and values is to be " + std::string(facts_of(c.type).name) + ", expected " +
                        (half_caches<B> ? "F32, F16 or BF16" : "F32, which is all that this backend has"));
    std::ptrdiff_t const n = c.halves() ? (rows * narrow() + 1) / 2 : rows * narrow();
    std::size_t const layers = places_.layers.size();
    c.keys.resize(layers), c.values.resize(layers);
    for (std::size_t l = 0; l < layers; ++l) backend.resize(c.keys[l], n), backend.resize(c.values[l], n);
  }

  /// Weights in the form that products like best, for many forward passes with the same parameters; from forget on they
  /// are read where they lie.
  void prepare(B& backend, view<T const> parameters) {
    if (stored()) return;
    prepared_.resize(4 * layers_.size() + 1);
    factors_.clear();
    auto const add = [&](view<T const> weights) {
      factors_.push_back(backend.prepare(prepared_[factors_.size()], weights.transposed()));
    };
    for (std::size_t l = 0; l < layers_.size(); ++l)
      for (auto const& weights : products(of_layer(parameters, l))) add(weights);
    add(head(parameters));
  }
  void forget() { factors_.clear(); }
  /// The head's weights, as a right factor.
  weight_factor<B> head_factor(view<T const> parameters) const {
    if (stored()) return {&stored_.head, 1};
    return factors_.empty() ? weight_factor<B>::of(head(parameters)) : weight_factor<B>(factors_.back());
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
    if (stored()) throw value_error("decoder: stored weights have no gradient");
    std::ptrdiff_t const R = in.rows(), H = options_.hidden;
    auto room = backend.template temporary<T>(R * H);
    view<T> const dx = room.matrix(R, H);
    detail::fill_with(backend, dx, 0);
    norm().backward(backend, dx, final_norm(gradient), view<T const>(dhidden), coming_out_of(layers_.size(), R),
                    final_norm(parameters), view<T const>(kept_.all()));
    for (std::size_t l = layers_.size(); l-- > 0;) layer_backward(backend, parameters, in, l, dx, dhidden, gradient);
    if (options_.learned_positions) backend.scatter_add(positions(gradient), view<T const>(dx), in.position);
    if (options_.embedding_scale != 1)
      backend.map(outputs{dx}, detail::scaled_by{options_.embedding_scale}, view<T const>(dx));
    backend.scatter_add(embedding(gradient), view<T const>(dx), in.token);
  }

  std::size_t activation_bytes() const {
    std::ptrdiff_t n = first_.size() + kept_.size() + hidden_.size();
    for (auto const& l : layers_) n += l.attending.size() + l.attention.size() + l.feeding.size() + l.feed.size();
    return std::size_t(n) * sizeof(T);
  }

 private:
  struct layer {
    residual_block<B> attending, feeding;
    self_attention<B> attention;
    feed_forward<B> feed;
  };
  using part = decoder_part;

  decoder(decoder_options const& o, stored_weights weights) : options_(o), stored_(std::move(weights)) {
    o.check();
    places_ = lay_out(o, !stored());
    auto const size = o.size_of_head();
    if (!o.learned_positions) {
      rotary_ = rotary<B>(size, o.rotated(), o.rope_base, o.scaling, o.adjacent_pairs);
      if (o.windowed_rope_base > 0)
        windowed_rotary_ = rotary<B>(size, o.rotated(), o.windowed_rope_base, {}, o.adjacent_pairs);
    }
    layers_.resize(stored() ? 1 : std::size_t(o.layers));  // forward alone, a layer needs nothing of the others
  }
  bool stored() const { return !stored_.layers.empty(); }

  std::ptrdiff_t narrow() const { return std::ptrdiff_t(options_.keys()) * options_.size_of_head(); }
  decoder_norm norm() const { return {options_.norm, options_.epsilon}; }
  template <class U>
  layer_parameters<U> of_layer(view<U> all, std::size_t l) const {
    return {all, options_, places_.layers[l]};
  }
  template <class U>
  static std::array<view<U>, 4> products(layer_parameters<U> const& w) {
    return {w.qkv(), w.out(), w.up(), w.down()};
  }
  weight_factor<B> factor(view<T const> all, std::size_t l, std::size_t k) const {
    if (stored()) return {stored_.layers[l][k].data(), stored_.layers[l][k].size()};
    return factors_.empty() ? weight_factor<B>::of(products(of_layer(all, l))[k])
                            : weight_factor<B>(factors_[4 * l + k]);
  }
  void look_up(B& backend, view<T> rows, view<T const> in, stored_matrix const& in_file,
               view<std::int32_t const> index) const {
    if (!stored()) return backend.gather(rows, in, index);
    if constexpr (stored_products<B>) backend.gather(rows, in_file, index);
  }
  template <class U>
  view<U> embedding(view<U> all) const {
    return {all.data, options_.vocabulary, options_.hidden};
  }
  template <class U>
  view<U> positions(view<U> all) const {
    return {all.data + places_.positions, options_.context, options_.hidden};
  }
  template <class U>
  norm_weights<U> final_norm(view<U> all) const {
    auto const vector = [&](std::ptrdiff_t at) { return at < 0 ? view<U>{} : view<U>(all.data + at, options_.hidden); };
    return {vector(places_.final_norm), vector(places_.final_shift)};
  }
  rotary<B>& rotary_of(std::size_t l) {
    return options_.windowed_rope_base > 0 && options_.window_of(int(l)) ? windowed_rotary_ : rotary_;
  }
  attention_layout layout_of(std::size_t l, attention_layout all) const {
    all.window = options_.window_of(int(l)), all.factor = options_.attention_scale, all.cap = options_.attention_cap;
    return all;
  }
  /// What goes into layer l, or comes out of the last one.
  view<T const> coming_out_of(std::size_t l, std::ptrdiff_t R) const {
    return l == 0 ? first_.matrix(R, options_.hidden) : layers_[l - 1].feeding.y(R, options_.hidden);
  }

  cached_keys<T> rows_of(cache& c, std::size_t l, view<std::int32_t const> into) const {
    std::ptrdiff_t const rows = c.keys[l].size() * (c.halves() ? 2 : 1) / narrow();
    auto const numbers = [&](array& a) { return view<T>(a.all().data, rows, narrow()); };
    auto const halves = [&](array& a) {
      return half_matrix{c.type, reinterpret_cast<unsigned char*>(a.all().data), rows, narrow()};
    };
    if (!c.halves()) return {numbers(c.keys[l]), numbers(c.values[l]), into};
    return {{}, {}, into, true, halves(c.keys[l]), halves(c.values[l])};
  }

  view<T> forward(B& backend, view<T const> parameters, packed_tokens const& in, cache* c,
                  view<std::int32_t const> into) {
    std::ptrdiff_t const R = in.rows(), H = options_.hidden;
    backend.resize(first_, R * H);
    view<T> const first = first_.matrix(R, H);
    look_up(backend, first, embedding(parameters), stored_.embedding, in.token);
    if (options_.embedding_scale != 1)
      backend.map(outputs{first}, detail::scaled_by{options_.embedding_scale}, view<T const>(first));
    auto room = backend.template temporary<T>(R * H);
    view<T> const scratch = room.matrix(R, H);
    if (options_.learned_positions) {
      look_up(backend, scratch, positions(parameters), stored_.positions, in.position);
      detail::add_to(backend, first, view<T const>(scratch));
    } else {
      rotary_.place(backend, in.position, in.layout.longest());
      if (options_.windowed_rope_base > 0) windowed_rotary_.place(backend, in.position, in.layout.longest());
    }
    view<T const> x = first;
    for (std::size_t l = 0; l < places_.layers.size(); ++l)
      x = layer_forward(backend, parameters, in, l, x, scratch, c, into);
    backend.resize(kept_, norm().kept(R));
    backend.resize(hidden_, R * H);
    norm().forward(backend, hidden_.matrix(R, H), kept_.all(), x, final_norm(parameters));
    return hidden_.matrix(R, H);
  }

  view<T const> layer_forward(B& backend, view<T const> parameters, packed_tokens const& in, std::size_t l,
                              view<T const> x, view<T> scratch, cache* c, view<std::int32_t const> into) {
    layer& s = layers_[stored() ? 0 : l];
    auto const w = of_layer(parameters, l);
    cached_keys<T> cached;
    if (c) cached = rows_of(*c, l, into);
    view<T const> const y = s.attending.forward(
        backend, norm(), w.norm(part::norm1, part::norm1_shift), w.norm(part::norm1_after, part::norm1_after_shift), x,
        scratch, [&](view<T const> normed, view<T> to, bool add) {
          s.attention.forward(backend, w, factor(parameters, l, 0), factor(parameters, l, 1), rotary_of(l),
                              layout_of(l, in.layout), c ? &cached : nullptr, normed, to, add);
        });
    return s.feeding.forward(
        backend, norm(), w.norm(part::norm2, part::norm2_shift), w.norm(part::norm2_after, part::norm2_after_shift), y,
        scratch, [&](view<T const> normed, view<T> to, bool add) {
          s.feed.forward(backend, w, factor(parameters, l, 2), factor(parameters, l, 3), normed, to, add);
        });
  }

  /// dx, the gradient of what comes out of layer l, becomes that of what goes in; scratch is R x H.
  void layer_backward(B& backend, view<T const> parameters, packed_tokens const& in, std::size_t l, view<T> dx,
                      view<T> scratch, view<T> gradient) {
    layer& s = layers_[l];
    auto const w = of_layer(parameters, l);
    auto const g = of_layer(gradient, l);
    view<T const> const x = coming_out_of(l, in.rows()), y = s.attending.y(in.rows(), options_.hidden);
    s.feeding.backward(
        backend, norm(), w.norm(part::norm2, part::norm2_shift), w.norm(part::norm2_after, part::norm2_after_shift),
        g.norm(part::norm2, part::norm2_shift), g.norm(part::norm2_after, part::norm2_after_shift), y, dx, scratch,
        [&](view<T const> dy, view<T> to, auto normed) { s.feed.backward(backend, w, g, dy, to, normed); });
    s.attending.backward(backend, norm(), w.norm(part::norm1, part::norm1_shift),
                         w.norm(part::norm1_after, part::norm1_after_shift), g.norm(part::norm1, part::norm1_shift),
                         g.norm(part::norm1_after, part::norm1_after_shift), x, dx, scratch,
                         [&](view<T const> dy, view<T> to, auto normed) {
                           s.attention.backward(backend, w, g, rotary_of(l), layout_of(l, in.layout), dy, to, normed);
                         });
  }

  decoder_options options_;
  decoder_layout places_;
  stored_weights stored_;
  rotary<B> rotary_, windowed_rotary_;
  std::vector<layer> layers_;
  std::vector<typename B::factor> factors_;
  std::vector<array> prepared_;
  array first_, kept_, hidden_;
};

}  // namespace COHORT_NAMESPACE
