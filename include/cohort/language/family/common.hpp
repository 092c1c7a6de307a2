#pragma once
#include <cohort/language/family/rotary.hpp>

// What the config.json of most families have in common.

namespace COHORT_NAMESPACE::language::family {

/// What transformers takes for fields that a family's file does not have.
struct config_defaults {
  bool tied = false;
  int head_size = 0;              ///< 0: hidden_size / num_attention_heads
  double intermediate_share = 0;  ///< of hidden_size, for intermediate_size; 0: the file must have one
  bool gelu_is_tanh = false;      ///< whether a "gelu" means "gelu_pytorch_tanh"
  bool partial_rotary = false;    ///< whether a part of each head may be rotated
  bool rotary = true;             ///< whether the usual fields say how positions are rotated
};

inline decoder_activation activation_in(file::json_fields const& config, bool gelu_is_tanh) {
  using enum decoder_activation;
  auto const* given = config.find("hidden_act");
  if (!given || *given == "silu" || *given == "swish") return silu;
  if (*given == "gelu_pytorch_tanh" || *given == "gelu_new" || (gelu_is_tanh && *given == "gelu")) return gelu_tanh;
  if (*given == "relu") return relu;
  config.wrong("hidden_act", "\"silu\", \"gelu_pytorch_tanh\", \"gelu_new\" or \"relu\"");
}

/// Extents, activation, norms and positions; biases of attention and of the feed-forward layer where the file says so.
inline void read_common(file::json_fields const& config, decoder_options& o, config_defaults const& otherwise = {}) {
  o.vocabulary = config.positive("vocab_size");
  o.hidden = config.positive("hidden_size");
  o.intermediate = otherwise.intermediate_share > 0 && !config.find("intermediate_size")
                       ? int(otherwise.intermediate_share * o.hidden)
                       : config.positive("intermediate_size");
  o.layers = config.positive("num_hidden_layers", decoder_options::most_layers);
  o.heads = config.positive("num_attention_heads");
  if (config.find("num_key_value_heads")) o.kv_heads = config.positive("num_key_value_heads");
  o.head_size = config.find("head_dim") ? config.positive("head_dim") : otherwise.head_size;
  o.context = config.positive("max_position_embeddings");
  o.epsilon = config.number("rms_norm_eps");
  o.tied = config.flag("tie_word_embeddings", otherwise.tied);
  o.activation = activation_in(config, otherwise.gelu_is_tanh);
  o.biased = o.biased_out = config.flag("attention_bias", false);
  o.biased_feed = config.flag("mlp_bias", false);
  o.learned_positions = false;
  if (otherwise.rotary) detail::read_rotary(config, o, otherwise.partial_rotary);

  if (!o.head_size && o.hidden % o.heads)
    config.wrong("num_attention_heads",
                 "a divisor of hidden_size, " + std::to_string(o.hidden) + ", or head_dim beside it");
  if (otherwise.rotary && o.size_of_head() % 2)
    config.refuse("has heads of size " + std::to_string(o.size_of_head()) +
                  ", expected an even head_dim or hidden_size / num_attention_heads");
  if (o.heads % o.keys())
    config.wrong("num_key_value_heads", "a divisor of num_attention_heads, " + std::to_string(o.heads));
  if (!(o.epsilon > 0)) config.wrong("rms_norm_eps", "a positive number");
}

/// A window for the layers that the file's layer_types say, and without them for those that `otherwise` is true of. One
/// that no series is longer than is none.
template <class F>
void read_window(file::json_fields const& config, decoder_options& o, int window, F otherwise) {
  o.windowed.clear();
  if (auto const* types = config.find("layer_types")) {
    if (!types->is_array() || types->size() != std::size_t(o.layers))
      config.wrong("layer_types", "a list of " + std::to_string(o.layers) + " types");
    for (auto const& type : *types) {
      if (type != "sliding_attention" && type != "full_attention")
        config.wrong("layer_types", "each \"sliding_attention\" or \"full_attention\"");
      o.windowed.push_back(type == "sliding_attention");
    }
  } else {
    for (int l = 0; l < o.layers; ++l) o.windowed.push_back(otherwise(l));
  }
  auto const of_them = std::count(o.windowed.begin(), o.windowed.end(), true);
  o.window = window;
  bool const cuts = window > 0 && window < o.context && of_them > 0;
  if (!cuts && o.windowed_rope_base == 0) o.window = 0;
  if (o.window == 0 || of_them == o.layers) o.windowed.clear();
}
/// The sliding_window of a file that may say null for none.
inline int window_in(file::json_fields const& config, int otherwise) {
  if (config.has("sliding_window") && !config.find("sliding_window")) return 0;
  return config.find("sliding_window") ? config.positive("sliding_window") : otherwise;
}

/// The other way round, with the fields of transformers 5, and those of 4 where they differ.
inline void write_common(decoder_options const& o, nlohmann::ordered_json& config) {
  using enum decoder_activation;
  config.update({
      {"vocab_size", o.vocabulary},
      {"hidden_size", o.hidden},
      {"intermediate_size", o.intermediate},
      {"num_hidden_layers", o.layers},
      {"num_attention_heads", o.heads},
      {"num_key_value_heads", o.keys()},
      {"head_dim", o.size_of_head()},
      {"max_position_embeddings", o.context},
      {"hidden_act", o.activation == silu   ? "silu"
                     : o.activation == relu ? "relu"
                                            : "gelu_pytorch_tanh"},
      {"rms_norm_eps", o.epsilon},
      {"tie_word_embeddings", o.tied},
  });
  if (o.biased_out) config["attention_bias"] = true;
  if (o.biased_feed) config["mlp_bias"] = true;
  if (o.learned_positions) return;
  config["rope_theta"] = o.rope_base;  // for transformers 4
  config["rope_parameters"] = detail::rotary_json(o);
  if (o.scaling.how != rotary_scaling::kind::none)
    config["rope_scaling"] = detail::rotary_json(o);  // for transformers 4
}
inline void write_window(decoder_options const& o, nlohmann::ordered_json& config) {
  config["sliding_window"] = o.window ? nlohmann::ordered_json(o.window) : nlohmann::ordered_json();
  auto types = nlohmann::ordered_json::array();
  for (int l = 0; l < o.layers; ++l) types.push_back(o.window_of(l) ? "sliding_attention" : "full_attention");
  config["layer_types"] = types;
}

}  // namespace COHORT_NAMESPACE::language::family
