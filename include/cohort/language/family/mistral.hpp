#pragma once
#include <cohort/language/family/common.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Mistral: Llama's layers, whose attention may look back no further than a window; null in the file is none.
struct mistral {
  static constexpr char const *model_type = "mistral", *architecture = "MistralForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    read_common(config, o);
    o.biased = o.biased_out = o.biased_feed = false;
    if (int const window = window_in(config, 4096); window < o.context) o.window = window;
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    write_common(o, config);
    config["sliding_window"] = o.window ? nlohmann::ordered_json(o.window) : nlohmann::ordered_json();
  }
};

}  // namespace COHORT_NAMESPACE::language::family
