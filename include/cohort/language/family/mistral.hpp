#pragma once
#include <algorithm>
#include <cohort/file/json.hpp>
#include <cohort/language/model/decoder_options.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Mistral: Llama's layers, whose attention may look back no further than a window. As long as a series is no longer
/// than it, nothing is cut off: so the window is the context here.
struct mistral {
  static constexpr char const *model_type = "mistral", *architecture = "MistralForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    int const of_a_file_without = 4096;
    if (!config.has("sliding_window")) o.context = std::min(o.context, of_a_file_without);
    else if (config.find("sliding_window")) o.context = std::min(o.context, config.positive("sliding_window"));
  }
};

}  // namespace COHORT_NAMESPACE::language::family
