#pragma once
#include <cohort/backend/memory.hpp>
#include <cohort/language/model/decoder_parts.hpp>
#include <cohort/language/model/decoder_tensors.hpp>
#include <cohort/language/model/rotary_scaling.hpp>
#include <initializer_list>

namespace COHORT_NAMESPACE {

/// The extents and the parts of a decoder; what is not said is Llama's. Names in brackets are those of Hugging Face's
/// config.json.
struct decoder_options {
  int vocabulary = 0;        ///< V, tokens (vocab_size)
  int hidden = 0;            ///< H (hidden_size)
  int intermediate = 0;      ///< I, width of the feed-forward layer (intermediate_size)
  int layers = 0;            ///< (num_hidden_layers)
  int heads = 0;             ///< of the queries (num_attention_heads)
  int kv_heads = 0;          ///< of keys and values, a divisor of heads; 0: heads (num_key_value_heads)
  int head_size = 0;         ///< 0: hidden / heads (head_dim)
  int context = 2048;        ///< positions that a series may have (max_position_embeddings); costs no memory by itself
  double rope_base = 10000;  ///< of the rotary positions (rope_theta)
  double epsilon = 1e-5;     ///< of the norms (rms_norm_eps)
  bool tied = true;          ///< whether the head's weights are the embedding's (tie_word_embeddings)
  bool biased = false;       ///< whether queries, keys and values have biases, as Qwen2's have
  rotary_scaling scaling{};  ///< of the rotary positions (rope_parameters)

  bool biased_out = false;   ///< whether attention's output has a bias
  bool biased_feed = false;  ///< whether the feed-forward layer's products have biases
  bool gated = true;         ///< whether the feed-forward layer is act(x W_gate') (x W_up'), and not act(x W_up')
  decoder_activation activation = decoder_activation::silu;  ///< (hidden_act)
  norm_kind norm = norm_kind::rms;
  bool query_key_norms = false;    ///< whether each head's queries and keys go through a norm of their own
  bool norms_after = false;        ///< whether attention and the feed-forward layer have a norm behind them, too
  bool learned_positions = false;  ///< a vector for each position of the context is added to the token's; no rotation
  double rotary_share = 1;         ///< of a head's numbers, the first ones, that are rotated (partial_rotary_factor)
  bool adjacent_pairs = false;     ///< whether the numbers 2 d and 2 d + 1 are a pair, and not d and d + size / 2
  double embedding_scale = 1;      ///< of the embedding on its way in
  double attention_scale = 0;      ///< of the scores; 0: 1 / sqrt(size of a head) (query_pre_attn_scalar^-1/2)
  double attention_cap = 0;        ///< scores s become cap tanh(s / cap); 0: they stay (attn_logit_softcapping)
  double logit_cap = 0;            ///< and so do logits (final_logit_softcapping)
  int window = 0;                  ///< tokens that attention looks back on, itself included; 0: all (sliding_window)
  std::vector<bool> windowed{};    ///< which layers have the window; empty: all (layer_types)
  double windowed_rope_base = 0;   ///< of the layers with a window, then without scaling; 0: as the others'
                                   ///< (rope_local_base_freq)

  /// f(name, member) of each part that models may have or not have.
  template <class F>
  static void parts(F f) {
    using o = decoder_options;
    f("biased", &o::biased), f("biased_out", &o::biased_out), f("biased_feed", &o::biased_feed), f("gated", &o::gated);
    f("activation", &o::activation), f("norm", &o::norm), f("query_key_norms", &o::query_key_norms);
    f("norms_after", &o::norms_after), f("learned_positions", &o::learned_positions);
    f("rotary_share", &o::rotary_share), f("adjacent_pairs", &o::adjacent_pairs),
        f("embedding_scale", &o::embedding_scale);
    f("attention_scale", &o::attention_scale), f("attention_cap", &o::attention_cap), f("logit_cap", &o::logit_cap);
    f("window", &o::window), f("windowed", &o::windowed), f("windowed_rope_base", &o::windowed_rope_base);
  }

  static constexpr int most_layers = 10'000;  // each has its names

  friend bool operator==(decoder_options const&, decoder_options const&) = default;

  int keys() const { return kv_heads ? kv_heads : heads; }
  int size_of_head() const { return head_size ? head_size : heads ? hidden / heads : 0; }
  /// How many numbers of a head are rotated.
  int rotated() const { return int(rotary_share * size_of_head()); }
  /// Of a layer; 0: it looks back on all tokens.
  int window_of(int layer) const { return windowed.empty() || windowed[std::size_t(layer)] ? window : 0; }

  /// The number of parameters, as a double: no extents overflow it.
  double parameters() const;
  /// "vocabulary 40, hidden 32, ...": what the number of parameters comes from.
  std::string extents() const {
    std::string all;
    for (auto [name, n] : std::initializer_list<std::pair<char const*, int>>{{"vocabulary", vocabulary},
                                                                             {"hidden", hidden},
                                                                             {"intermediate", intermediate},
                                                                             {"layers", layers},
                                                                             {"heads", heads},
                                                                             {"kv_heads", keys()},
                                                                             {"head_size", size_of_head()}})
      all += (all.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(n);
    return all;
  }

  /// Raises value_error naming the first extent or part that cannot be, or the extents where this machine has not the
  /// memory for their parameters.
  void check() const {
    auto expect = [](bool holds, char const* name, auto const& given, char const* expected) {
      detail::require(holds, "decoder", name, given, expected);
    };
    auto positive = [&](char const* name, int n) { expect(n > 0, name, n, "a positive number"); };
    auto not_negative = [&](char const* name, double x) {
      expect(x >= 0 && x < 1e300, name, x, "0 or a positive number");
    };
    positive("vocabulary", vocabulary), positive("hidden", hidden), positive("intermediate", intermediate);
    positive("heads", heads), positive("context", context);
    expect(layers > 0 && layers <= most_layers, "layers", layers, "a number from 1 to 10000");
    expect(head_size > 0 || (head_size == 0 && hidden % heads == 0), "heads", heads,
           "a divisor of hidden, or head_size given");
    expect(kv_heads >= 0 && heads % keys() == 0, "kv_heads", kv_heads, "a divisor of heads");
    if (!learned_positions) {
      expect(rotary_share > 0 && rotary_share <= 1, "rotary_share", rotary_share, "a number above 0, up to 1");
      if (rotary_share == 1)
        expect(size_of_head() % 2 == 0, "the size of a head", size_of_head(), "an even number, for rotary positions");
      expect(rotated() > 0 && rotated() % 2 == 0, "the share of a head that is rotated", rotated(), "an even number");
      expect(rope_base > 1, "rope_base", rope_base, "a number above 1");
      scaling.check();
    }
    expect(epsilon > 0, "epsilon", epsilon, "a positive number");
    expect(embedding_scale > 0 && embedding_scale < 1e300, "embedding_scale", embedding_scale, "a positive number");
    not_negative("attention_scale", attention_scale), not_negative("attention_cap", attention_cap);
    not_negative("logit_cap", logit_cap), not_negative("window", window);
    expect(windowed.empty() || windowed.size() == std::size_t(layers), "the length of windowed",
           double(windowed.size()), "none, or one for each layer");
    expect(windowed_rope_base == 0 || windowed_rope_base > 1, "windowed_rope_base", windowed_rope_base,
           "0 or a number above 1");
    detail::require_memory("decoder: the parameters of " + extents() + " in float", 4 * parameters());
    expect(double(heads) * size_of_head() < 0x1p31, "heads times head_size", double(heads) * size_of_head(),
           "a number below 2^31");
  }
};

namespace detail {

/// f(part, name, rows, columns, start) of each tensor of a layer, in the order of the flat array. Queries, keys and
/// values follow one another, and so do their biases, and gate and up with theirs: each is one product.
template <class F>
void each_layer_tensor(decoder_options const& o, F f) {
  std::ptrdiff_t const D = o.size_of_head(), H = o.hidden, I = o.intermediate, wide = o.heads * D,
                       narrow = o.keys() * D;
  double const one = o.norm == norm_kind::rms_plus_one ? 0 : 1;
  using enum decoder_part;
  auto norm = [&](decoder_part scale, decoder_part shift, std::string const& name) {
    f(scale, name + ".weight", H, 0, one);
    if (o.norm == norm_kind::layer) f(shift, name + ".bias", H, 0, 0.);
  };
  norm(norm1, norm1_shift, "input_layernorm");
  f(queries, "self_attn.q_proj.weight", wide, H, 0.);
  f(keys, "self_attn.k_proj.weight", narrow, H, 0.);
  f(values, "self_attn.v_proj.weight", narrow, H, 0.);
  if (o.biased) {
    f(query_bias, "self_attn.q_proj.bias", wide, 0, 0.);
    f(key_bias, "self_attn.k_proj.bias", narrow, 0, 0.);
    f(value_bias, "self_attn.v_proj.bias", narrow, 0, 0.);
  }
  if (o.query_key_norms) {
    f(query_norm, "self_attn.q_norm.weight", D, 0, one);
    f(key_norm, "self_attn.k_norm.weight", D, 0, one);
  }
  f(out, "self_attn.o_proj.weight", H, wide, 0.);
  if (o.biased_out) f(out_bias, "self_attn.o_proj.bias", H, 0, 0.);
  if (o.norms_after) norm(norm1_after, norm1_after_shift, "post_attention_layernorm");
  norm(norm2, norm2_shift, o.norms_after ? "pre_feedforward_layernorm" : "post_attention_layernorm");
  if (o.gated) f(gate, "mlp.gate_proj.weight", I, H, 0.);
  f(up, "mlp.up_proj.weight", I, H, 0.);
  if (o.biased_feed && o.gated) f(gate_bias, "mlp.gate_proj.bias", I, 0, 0.);
  if (o.biased_feed) f(up_bias, "mlp.up_proj.bias", I, 0, 0.);
  f(down, "mlp.down_proj.weight", H, I, 0.);
  if (o.biased_feed) f(down_bias, "mlp.down_proj.bias", H, 0, 0.);
  if (o.norms_after) norm(norm2_after, norm2_after_shift, "post_feedforward_layernorm");
}

}  // namespace detail

/// The tensors of a decoder and their places in its flat array, by Hugging Face's names for Llama and Gemma, a layer's
/// weights as outputs x inputs; or of its vectors alone.
inline decoder_layout lay_out(decoder_options const& o, bool matrices = true) {
  decoder_layout all;
  auto add = [&](std::string name, std::ptrdiff_t rows, std::ptrdiff_t columns, double start = 0) {
    if (columns > 0 && !matrices) return std::ptrdiff_t(-1);
    auto const offset = all.parameters();
    all.tensors.push_back({std::move(name), offset, rows, columns, start});
    return offset;
  };
  double const one = o.norm == norm_kind::rms_plus_one ? 0 : 1;
  add("model.embed_tokens.weight", o.vocabulary, o.hidden);
  if (o.learned_positions) all.positions = add("model.embed_positions.weight", o.context, o.hidden);
  for (int l = 0; l < o.layers; ++l) {
    layer_places& places = all.layers.emplace_back();
    std::string const layer = "model.layers." + std::to_string(l) + ".";
    detail::each_layer_tensor(
        o, [&](decoder_part part, std::string const& name, std::ptrdiff_t rows, std::ptrdiff_t columns, double start) {
          places[part] = add(layer + name, rows, columns, start);
        });
  }
  all.final_norm = add("model.norm.weight", o.hidden, 0, one);
  if (o.norm == norm_kind::layer) all.final_shift = add("model.norm.bias", o.hidden, 0);
  if (!o.tied) all.head = add("lm_head.weight", o.vocabulary, o.hidden);
  return all;
}
inline std::vector<named_tensor> tensors_of(decoder_options const& o) { return lay_out(o).tensors; }

inline double decoder_options::parameters() const {
  double of_layer = 0, of_norm = norm == norm_kind::layer ? 2 : 1;
  detail::each_layer_tensor(*this, [&](auto, auto const&, std::ptrdiff_t rows, std::ptrdiff_t columns, double) {
    of_layer += double(rows) * double(columns ? columns : 1);
  });
  double const embeddings = (tied ? 1. : 2.) * vocabulary + (learned_positions ? context : 0);
  return layers * of_layer + hidden * (of_norm + embeddings);
}

}  // namespace COHORT_NAMESPACE
