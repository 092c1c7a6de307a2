#pragma once
#include <cmath>
#include <cohort/language/family/common.hpp>

namespace COHORT_NAMESPACE::language::family {

/// What Gemma 1 to 3 have in common: norms whose weights are counted from 1, GeGLU, and an embedding that is scaled by
/// sqrt(hidden_size), which transformers rounds to the weights' type.
inline void set_gemma(decoder_options& o) {
  o.norm = norm_kind::rms_plus_one;
  o.activation = decoder_activation::gelu_tanh;
  o.embedding_scale = std::sqrt(double(o.hidden));
}
inline void read_gemma(file::json_fields const& config, decoder_options& o, bool rotary = true) {
  read_common(config, o, {.tied = true, .head_size = 256, .gelu_is_tanh = true, .rotary = rotary});
  auto const given = o.activation;
  set_gemma(o);
  if (config.find("hidden_act")) o.activation = given;
  o.biased_feed = false;
}

/// Gemma 1.
struct gemma {
  static constexpr char const *model_type = "gemma", *architecture = "GemmaForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) { read_gemma(config, o); }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) { write_common(o, config); }
};

}  // namespace COHORT_NAMESPACE::language::family
