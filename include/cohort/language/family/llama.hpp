#pragma once
#include <cohort/file/json.hpp>
#include <cohort/language/model/decoder_options.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Llama 1 to 3.x, SmolLM2, TinyLlama. What a family has is written down in docs/language.md.
struct llama {
  static constexpr char const *model_type = "llama", *architecture = "LlamaForCausalLM";

  static void read(file::json_fields const& config, decoder_options&) {
    for (char const* bias : {"attention_bias", "mlp_bias"})
      if (config.flag(bias, false)) config.wrong(bias, "false");
  }
};

}  // namespace COHORT_NAMESPACE::language::family
