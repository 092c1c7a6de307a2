#pragma once
#include <cohort/language/model/decoder_layer.hpp>
#include <cohort/language/model/decoder_weights.hpp>

namespace COHORT_NAMESPACE {

/// Tokens packed one after the other, as a decoder reads them.
struct packed_tokens {
  view<std::int32_t const> token;     ///< R
  view<std::int32_t const> position;  ///< R, within their series; each below layout.longest()
  attention_layout layout;
  std::ptrdiff_t rows() const { return token.rows; }
};

/// What a decoder keeps of a pass for the backward one.
enum class activations {
  kept,        ///< all that is not quickly computed again
  recomputed,  ///< what goes into each layer, which is computed again when its turn comes: gradient checkpointing, Chen
               ///< et al. 2016, arXiv:1604.06174
  dropped      ///< nothing: it only goes forward
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
  using numbers = decoder_parameters<T const>;

 public:
  decoder() = default;
  decoder(B&, decoder_options const& o) : decoder(o, {}) { keep(activations::kept); }
  /// One whose weights lie elsewhere, where they have to stay: its parameters are the vectors among the tensors. It
  /// only goes forward, unless `keep` says otherwise.
  decoder(B&, decoder_options const& o, stored_weights weights)
    requires stored_products<B>
      : decoder(o, std::move(weights)) {
    keep(activations::dropped);
  }

  decoder_options const& options() const { return weights_.options(); }
  std::ptrdiff_t parameters() const { return weights_.parameters(); }
  template <class F>
  void for_each_matrix(F f) const {
    weights_.for_each_matrix(f);
  }
  /// From now on the adapters among its numbers are those of this layout.
  void adapt(lora_layout const& adapters) { weights_.adapt(adapters); }
  void keep(activations what) {
    auto const L = std::size_t(options().layers);
    keeps_ = what;
    layers_ = std::vector<decoder_layer<B>>(what == activations::kept ? L : 1);
    inputs_ = std::vector<array>(what == activations::recomputed ? L : 0);
  }

  /// Rows of weights by which hidden states become logits: V x H, absent where they lie elsewhere.
  template <class U>
  view<U> head(view<U> parameters) const {
    return weights_.head(parameters);
  }
  decoder_weights<B> const& weights() const { return weights_; }
  /// What the last pass kept leaves its memory to what is prepared.
  void prepare(B& backend, view<T const> parameters) {
    if (!weights_.stored()) keep(keeps_);
    weights_.prepare(backend, parameters);
  }
  void forget() { weights_.forget(); }
  weight_factor<B> head_factor(view<T const> parameters) const { return weights_.head_factor(parameters); }

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
    auto const layers = std::size_t(options().layers);
    c.keys.resize(layers), c.values.resize(layers);
    for (std::size_t l = 0; l < layers; ++l) backend.resize(c.keys[l], n), backend.resize(c.values[l], n);
  }

  /// Hidden states (R x H), kept until the next pass; backward may follow.
  view<T> forward(B& backend, numbers const& parameters, packed_tokens const& in) {
    return forward(backend, parameters, in, nullptr, {});
  }
  /// Hidden states of tokens whose keys and values go to rows `into` of a cache; what the layout calls keys are the
  /// cache's rows.
  view<T> forward(B& backend, numbers const& parameters, packed_tokens const& in, cache& c,
                  view<std::int32_t const> into) {
    return forward(backend, parameters, in, &c, into);
  }

  /// Adds the gradient of sum(dhidden hidden) of the last pass without a cache to `gradient`, as far as that is there;
  /// overwrites dhidden.
  void backward(B& backend, numbers const& parameters, packed_tokens const& in, view<T> dhidden,
                decoder_parameters<T> const& gradient) {
    if (keeps_ == activations::dropped) throw value_error("decoder: it only goes forward, and has no gradient");
    if (weights_.stored() && gradient.own) throw value_error("decoder: stored weights have no gradient");
    std::ptrdiff_t const R = in.rows(), H = options().hidden;
    auto room = backend.template temporary<T>(R * H);
    view<T> const dx = room.matrix(R, H);
    detail::fill_with(backend, dx, 0);
    norm().backward(backend, dx, weights_.final_norm(gradient.own), view<T const>(dhidden), layers_.back().y(R, H),
                    weights_.final_norm(parameters.own), view<T const>(kept_.all()));
    for (std::size_t l = std::size_t(options().layers); l-- > 0;) {
      auto const w = weights_.layer(parameters, l);
      view<T const> const x = into_layer(l, R);
      if (keeps_ == activations::recomputed && l + 1 < inputs_.size())
        layer_of(l).forward(backend, w, rotary_of(l), layout_of(l, in.layout), nullptr, x, dhidden);
      layer_of(l).backward(backend, w, weights_.gradient(gradient, l), rotary_of(l), layout_of(l, in.layout), x, dx,
                           dhidden);
    }
    if (!gradient.own) return;
    if (options().learned_positions)
      backend.scatter_add(weights_.positions(gradient.own), view<T const>(dx), in.position);
    if (options().embedding_scale != 1)
      backend.map(outputs{dx}, detail::scaled_by{options().embedding_scale}, view<T const>(dx));
    backend.scatter_add(weights_.embedding(gradient.own), view<T const>(dx), in.token);
  }

  std::size_t activation_bytes() const {
    std::ptrdiff_t n = first_.size() + kept_.size() + hidden_.size();
    for (auto const& l : layers_) n += l.size();
    for (auto const& x : inputs_) n += x.size();
    return std::size_t(n) * sizeof(T);
  }

 private:
  decoder(decoder_options const& o, stored_weights weights) : weights_(o, std::move(weights)) {
    auto const size = o.size_of_head();
    if (o.learned_positions) return;
    rotary_ = rotary<B>(size, o.rotated(), o.rope_base, o.scaling, o.adjacent_pairs);
    if (o.windowed_rope_base > 0)
      windowed_rotary_ = rotary<B>(size, o.rotated(), o.windowed_rope_base, {}, o.adjacent_pairs);
  }

  std::ptrdiff_t narrow() const { return std::ptrdiff_t(options().keys()) * options().size_of_head(); }
  decoder_norm norm() const { return {options().norm, options().epsilon}; }
  rotary<B>& rotary_of(std::size_t l) {
    return options().windowed_rope_base > 0 && options().window_of(int(l)) ? windowed_rotary_ : rotary_;
  }
  attention_layout layout_of(std::size_t l, attention_layout all) const {
    auto const& o = options();
    all.window = o.window_of(int(l)), all.factor = o.attention_scale, all.cap = o.attention_cap;
    return all;
  }
  decoder_layer<B>& layer_of(std::size_t l) { return layers_[keeps_ == activations::kept ? l : 0]; }
  view<T const> into_layer(std::size_t l, std::ptrdiff_t R) const {
    std::ptrdiff_t const H = options().hidden;
    if (l == 0) return first_.matrix(R, H);
    return keeps_ == activations::recomputed ? inputs_[l].matrix(R, H) : layers_[l - 1].y(R, H);
  }

  cached_keys<T> rows_of(cache& c, std::size_t l, view<std::int32_t const> into) const {
    std::ptrdiff_t const rows = c.keys[l].size() * (c.halves() ? 2 : 1) / narrow();
    auto const plain = [&](array& a) { return view<T>(a.all().data, rows, narrow()); };
    auto const halves = [&](array& a) {
      return half_matrix{c.type, reinterpret_cast<unsigned char*>(a.all().data), rows, narrow()};
    };
    if (!c.halves()) return {plain(c.keys[l]), plain(c.values[l]), into};
    return {{}, {}, into, true, halves(c.keys[l]), halves(c.values[l])};
  }

  view<T> forward(B& backend, numbers const& parameters, packed_tokens const& in, cache* c,
                  view<std::int32_t const> into) {
    auto const& o = options();
    std::ptrdiff_t const R = in.rows(), H = o.hidden;
    backend.resize(first_, R * H);
    view<T> const first = first_.matrix(R, H);
    weights_.embed(backend, first, parameters.own, in.token);
    if (o.embedding_scale != 1) backend.map(outputs{first}, detail::scaled_by{o.embedding_scale}, view<T const>(first));
    auto room = backend.template temporary<T>(R * H);
    view<T> const scratch = room.matrix(R, H);
    if (o.learned_positions) {
      weights_.place(backend, scratch, parameters.own, in.position);
      detail::add_to(backend, first, view<T const>(scratch));
    } else {
      rotary_.place(backend, in.position, in.layout.longest());
      if (o.windowed_rope_base > 0) windowed_rotary_.place(backend, in.position, in.layout.longest());
    }
    view<T const> x = first;
    for (std::size_t l = 0; l < std::size_t(o.layers); ++l) {
      if (l > 0 && keeps_ == activations::recomputed && !c) {
        backend.resize(inputs_[l], R * H);
        detail::copy_to(backend, inputs_[l].matrix(R, H), x);
      }
      cached_keys<T> cached;
      if (c) cached = rows_of(*c, l, into);
      x = layer_of(l).forward(backend, weights_.layer(parameters, l), rotary_of(l), layout_of(l, in.layout),
                              c ? &cached : nullptr, x, scratch);
    }
    backend.resize(kept_, norm().kept(R));
    backend.resize(hidden_, R * H);
    norm().forward(backend, hidden_.matrix(R, H), kept_.all(), x, weights_.final_norm(parameters.own));
    return hidden_.matrix(R, H);
  }

  decoder_weights<B> weights_;
  activations keeps_ = activations::dropped;
  rotary<B> rotary_, windowed_rotary_;
  std::vector<decoder_layer<B>> layers_;
  std::vector<array> inputs_;
  array first_, kept_, hidden_;
};

}  // namespace COHORT_NAMESPACE
