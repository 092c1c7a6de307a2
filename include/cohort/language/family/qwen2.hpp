#pragma once
#include <cohort/language/family/common.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Layers from max_window_layers on have a window where the file says use_sliding_window.
inline void read_qwen_window(file::json_fields const& config, decoder_options& o) {
  if (!config.flag("use_sliding_window", false)) return;
  int const full = config.find("max_window_layers") ? int(config.number("max_window_layers")) : 28;
  read_window(config, o, window_in(config, 4096), [&](int l) { return l >= full; });
}
inline void write_qwen_window(decoder_options const& o, nlohmann::ordered_json& config) {
  config["use_sliding_window"] = o.window > 0;
  if (o.window > 0) write_window(o, config);
}

/// Qwen2 and Qwen2.5: Llama's layers, with biases of queries, keys and values.
struct qwen2 {
  static constexpr char const *model_type = "qwen2", *architecture = "Qwen2ForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    read_common(config, o);
    o.biased = true, o.biased_out = o.biased_feed = false;
    read_qwen_window(config, o);
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    write_common(o, config);
    write_qwen_window(o, config);
  }
};

}  // namespace COHORT_NAMESPACE::language::family
