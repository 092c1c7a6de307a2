#pragma once
#include <algorithm>
#include <cohort/file/json.hpp>
#include <cohort/language/model/decoder_options.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Qwen2 and Qwen2.5: Llama's layers, with biases of queries, keys and values. A window that layers look back through,
/// where the file says use_sliding_window, is the context here, as in Mistral.
struct qwen2 {
  static constexpr char const *model_type = "qwen2", *architecture = "Qwen2ForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    o.biased = true;
    if (!config.flag("use_sliding_window", false)) return;
    int const of_a_file_without = 4096;
    o.context =
        std::min(o.context, config.has("sliding_window") ? config.positive("sliding_window") : of_a_file_without);
  }
};

}  // namespace COHORT_NAMESPACE::language::family
