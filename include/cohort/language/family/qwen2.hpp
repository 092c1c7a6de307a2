#pragma once
#include <cohort/language/family/window.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Qwen2 and Qwen2.5: Llama's layers, with biases of queries, keys and values; layers have a window where the file says
/// use_sliding_window.
struct qwen2 {
  static constexpr char const *model_type = "qwen2", *architecture = "Qwen2ForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    o.biased = true;
    if (config.flag("use_sliding_window", false)) limit_to_window(config, o);
  }
};

}  // namespace COHORT_NAMESPACE::language::family
