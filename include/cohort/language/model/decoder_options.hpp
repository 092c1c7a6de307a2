#pragma once
#include <cohort/backend/memory.hpp>
#include <cohort/language/model/rotary_scaling.hpp>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// The extents of a decoder of the Llama family. Names in brackets are those of Hugging Face's config.json.
struct decoder_options {
  int vocabulary = 0;        ///< V, tokens (vocab_size)
  int hidden = 0;            ///< H (hidden_size)
  int intermediate = 0;      ///< I, width of the gated layer (intermediate_size)
  int layers = 0;            ///< (num_hidden_layers)
  int heads = 0;             ///< of the queries (num_attention_heads)
  int kv_heads = 0;          ///< of keys and values, a divisor of heads; 0: heads (num_key_value_heads)
  int head_size = 0;         ///< even; 0: hidden / heads (head_dim)
  int context = 2048;        ///< positions that a series may have (max_position_embeddings); costs no memory by itself
  double rope_base = 10000;  ///< of the rotary positions (rope_theta)
  double epsilon = 1e-5;     ///< of the RMS norms (rms_norm_eps)
  bool tied = true;          ///< whether the head's weights are the embedding's (tie_word_embeddings)
  bool biased = false;       ///< whether queries, keys and values have biases, as Qwen2's have
  rotary_scaling scaling{};  ///< of the rotary positions (rope_parameters)

  static constexpr int most_layers = 10'000;  // each has its names

  int keys() const { return kv_heads ? kv_heads : heads; }
  int size_of_head() const { return head_size ? head_size : heads ? hidden / heads : 0; }

  /// The number of parameters, as a double: no extents overflow it.
  double parameters() const {
    double H = hidden, D = size_of_head(), of_layer = H * (2 * (D * heads + D * keys()) + 3. * intermediate + 2);
    if (biased) of_layer += D * heads + 2 * D * keys();
    return layers * of_layer + H * (1 + (tied ? 1. : 2.) * vocabulary);
  }
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

  /// Raises value_error naming the first extent that cannot be, or all of them where this machine has not the memory
  /// for their parameters.
  void check() const {
    auto positive = [](char const* name, int n) { detail::require(n > 0, "decoder", name, n, "a positive number"); };
    positive("vocabulary", vocabulary), positive("hidden", hidden), positive("intermediate", intermediate);
    positive("heads", heads), positive("context", context);
    detail::require(layers > 0 && layers <= most_layers, "decoder", "layers", layers, "a number from 1 to 10000");
    detail::require(head_size > 0 || (head_size == 0 && hidden % heads == 0), "decoder", "heads", heads,
                    "a divisor of hidden, or head_size given");
    detail::require(size_of_head() % 2 == 0, "decoder", "the size of a head", size_of_head(),
                    "an even number, for rotary positions");
    detail::require(kv_heads >= 0 && heads % keys() == 0, "decoder", "kv_heads", kv_heads, "a divisor of heads");
    detail::require(rope_base > 1, "decoder", "rope_base", rope_base, "a number above 1");
    detail::require(epsilon > 0, "decoder", "epsilon", epsilon, "a positive number");
    scaling.check();
    detail::require_memory("decoder: the parameters of " + extents() + " in float", 4 * parameters());
    detail::require(double(heads) * size_of_head() < 0x1p31, "decoder", "heads times head_size",
                    double(heads) * size_of_head(), "a number below 2^31");
  }
};

/// One tensor of a model in its flat parameter array: rows x columns, row by row; columns = 0 for a vector of `rows`
/// elements.
struct named_tensor {
  std::string name;
  std::ptrdiff_t offset = 0, rows = 0, columns = 0;
  double start = 0;  ///< of a vector's elements in a model that is not trained yet
  std::ptrdiff_t size() const { return rows * (columns ? columns : 1); }
};

/// The tensors of a decoder in the order of its flat array, by Hugging Face's names, a layer's weights as outputs x
/// inputs. Queries, keys and values of a layer follow one another, and so do their biases, and gate and up: each is one
/// product.
inline std::vector<named_tensor> tensors_of(decoder_options const& o) {
  std::vector<named_tensor> all;
  std::ptrdiff_t end = 0, D = o.size_of_head();
  auto add = [&](std::string name, std::ptrdiff_t rows, std::ptrdiff_t columns, double start = 0) {
    all.push_back({std::move(name), end, rows, columns, start});
    end += all.back().size();
  };
  add("model.embed_tokens.weight", o.vocabulary, o.hidden);
  for (int l = 0; l < o.layers; ++l) {
    std::string layer = "model.layers." + std::to_string(l) + ".";
    add(layer + "input_layernorm.weight", o.hidden, 0, 1);
    add(layer + "self_attn.q_proj.weight", o.heads * D, o.hidden);
    add(layer + "self_attn.k_proj.weight", o.keys() * D, o.hidden);
    add(layer + "self_attn.v_proj.weight", o.keys() * D, o.hidden);
    if (o.biased) {
      add(layer + "self_attn.q_proj.bias", o.heads * D, 0);
      add(layer + "self_attn.k_proj.bias", o.keys() * D, 0);
      add(layer + "self_attn.v_proj.bias", o.keys() * D, 0);
    }
    add(layer + "self_attn.o_proj.weight", o.hidden, o.heads * D);
    add(layer + "post_attention_layernorm.weight", o.hidden, 0, 1);
    add(layer + "mlp.gate_proj.weight", o.intermediate, o.hidden);
    add(layer + "mlp.up_proj.weight", o.intermediate, o.hidden);
    add(layer + "mlp.down_proj.weight", o.hidden, o.intermediate);
  }
  add("model.norm.weight", o.hidden, 0, 1);
  if (!o.tied) add("lm_head.weight", o.vocabulary, o.hidden);
  return all;
}

}  // namespace COHORT_NAMESPACE
