#pragma once
#include <cohort/language/family/common.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Llama 1 to 3.x, SmolLM2, TinyLlama. What a family is made of is written down in docs/language.md.
struct llama {
  static constexpr char const *model_type = "llama", *architecture = "LlamaForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) { read_common(config, o); }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) { write_common(o, config); }
};

}  // namespace COHORT_NAMESPACE::language::family
