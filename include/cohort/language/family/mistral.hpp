#pragma once
#include <cohort/language/family/window.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Mistral: Llama's layers, whose attention may look back no further than a window; null in the file is none.
struct mistral {
  static constexpr char const *model_type = "mistral", *architecture = "MistralForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    bool const none = config.has("sliding_window") && !config.find("sliding_window");
    if (!none) limit_to_window(config, o);
  }
};

}  // namespace COHORT_NAMESPACE::language::family
