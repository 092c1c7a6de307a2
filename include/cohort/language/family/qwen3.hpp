#pragma once
#include <cohort/language/family/qwen2.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Qwen3: a norm of each head's queries and keys, and no biases unless the file says so.
struct qwen3 {
  static constexpr char const *model_type = "qwen3", *architecture = "Qwen3ForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    read_common(config, o, {.head_size = 128});
    o.query_key_norms = true, o.biased_feed = false;
    read_qwen_window(config, o);
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    write_common(o, config);
    write_qwen_window(o, config);
  }
};

}  // namespace COHORT_NAMESPACE::language::family
