#pragma once
#include <cohort/language/family/common.hpp>
#include <cohort/language/family/names.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Phi-3, 3.5 and 4 whose positions are not stretched: Llama's layers, in files with one tensor for queries, keys and
/// values, and one for gate and up.
struct phi3 {
  static constexpr char const *model_type = "phi3", *architecture = "Phi3ForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    read_common(config, o, {.partial_rotary = true});
    o.biased = o.biased_out = o.biased_feed = false;
    if (int const window = window_in(config, 0); window < o.context) o.window = window;
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    write_common(o, config);
    config["sliding_window"] = o.window ? nlohmann::ordered_json(o.window) : nlohmann::ordered_json();
    config["partial_rotary_factor"] = o.rotary_share;
    config["pad_token_id"] = nullptr;  // else transformers takes 32000, which a smaller vocabulary has not
  }
  static std::vector<named_tensor> tensors(decoder_options const& o) {
    return with_fused(with_fused(tensors_of(o), "self_attn.q_proj", 3, "self_attn.qkv_proj"), "mlp.gate_proj", 2,
                      "mlp.gate_up_proj");
  }
};

}  // namespace COHORT_NAMESPACE::language::family
