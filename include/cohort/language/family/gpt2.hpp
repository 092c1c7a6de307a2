#pragma once
#include <cohort/language/family/common.hpp>
#include <cohort/language/family/names.hpp>

namespace COHORT_NAMESPACE::language::family {

inline void set_gpt2(decoder_options& o) {
  o.norm = norm_kind::layer;
  o.activation = decoder_activation::gelu_tanh;
  o.learned_positions = o.biased = o.biased_out = o.biased_feed = true;
  o.gated = false;
}

/// GPT-2: learned positions, layer norms, GELU, biases everywhere; its files have weights as inputs x outputs.
struct gpt2 {
  static constexpr char const *model_type = "gpt2", *architecture = "GPT2LMHeadModel", *prefix = "transformer.";
  static constexpr file::json_fields::other_name names[] = {{"n_embd", "hidden_size"},
                                                            {"n_layer", "num_hidden_layers"},
                                                            {"n_head", "num_attention_heads"},
                                                            {"n_positions", "max_position_embeddings"},
                                                            {"n_inner", "intermediate_size"},
                                                            {"layer_norm_epsilon", "rms_norm_eps"},
                                                            {"activation_function", "hidden_act"}};

  static void read(file::json_fields const& config, decoder_options& o) {
    for (char const* unusual : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"})
      if (config.flag(unusual, false)) config.wrong(unusual, "false");
    if (!config.flag("scale_attn_weights", true)) config.wrong("scale_attn_weights", "true");
    read_common(config.with(names), o, {.tied = true, .intermediate_share = 4, .rotary = false});
    auto const given = o.activation;
    set_gpt2(o);
    if (config.find("activation_function")) o.activation = given;
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    nlohmann::ordered_json common;
    write_common(o, common);
    for (auto const& name : names) config[name.in_file] = common[name.asked];
    for (char const* same : {"vocab_size", "tie_word_embeddings"}) config[same] = common[same];
    if (o.activation == decoder_activation::gelu_tanh) config["activation_function"] = "gelu_new";
  }
  static std::vector<named_tensor> tensors(decoder_options const& o) {
    auto all = with_names(with_fused(tensors_of(o), "self_attn.q_proj", 3, "attn.c_attn"),
                          {{"self_attn.o_proj", "attn.c_proj"},
                           {"mlp.up_proj", "mlp.c_fc"},
                           {"mlp.down_proj", "mlp.c_proj"},
                           {"input_layernorm", "ln_1"},
                           {"post_attention_layernorm", "ln_2"}});
    all = with_names(all, {{"model.embed_tokens", "transformer.wte"},
                           {"model.embed_positions", "transformer.wpe"},
                           {"model.layers", "transformer.h"},
                           {"model.norm", "transformer.ln_f"}});
    for (auto& t : all) t.turned = t.columns > 0 && t.name.find(".c_") != std::string::npos;
    return all;
  }
  /// The masks of older files.
  static bool ignored(std::string_view tensor) {
    return tensor.ends_with(".attn.bias") || tensor.ends_with(".attn.masked_bias");
  }
};

}  // namespace COHORT_NAMESPACE::language::family
