#pragma once
#include <cohort/language/family/gemma2.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Gemma 3, the text model: norms of each head's queries and keys, a window in five of six layers, which turn their
/// positions faster than the others.
struct gemma3 {
  static constexpr char const *model_type = "gemma3_text", *architecture = "Gemma3ForCausalLM";

  static void read(file::json_fields const& config, decoder_options& o) {
    read_gemma(config.with(gemma2::names), o, false);
    o.query_key_norms = true;
    o.rope_base = 1e6, o.windowed_rope_base = 1e4;
    if (auto const* both = config.find("rope_parameters"); both && both->contains("full_attention")) {
      auto const part = [&](char const* name) {
        file::json_fields const all(*both, config.where() + ", rope_parameters");
        if (!all.at(name).is_object()) all.wrong(name, "an object");
        return file::json_fields(all.at(name), all.where() + "." + name);
      };
      auto const full = part("full_attention"), windowed = part("sliding_attention");
      o.rope_base = full.number("rope_theta"), o.windowed_rope_base = windowed.number("rope_theta");
      o.scaling = detail::scaling_in(full, o.context);
      if (detail::scaling_in(windowed, o.context).how != rotary_scaling::kind::none)
        windowed.wrong("rope_type", "\"default\"");
    } else {
      decoder_options plain = o;
      detail::read_rotary(config, plain);
      o.scaling = plain.scaling;
      if (config.find("rope_theta")) o.rope_base = plain.rope_base;
      if (config.find("rope_local_base_freq")) o.windowed_rope_base = config.number("rope_local_base_freq");
    }
    int const every = config.find("sliding_window_pattern") ? config.positive("sliding_window_pattern") : 6;
    read_gemma_attention(config, o, 0, 0, every);
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    write_common(o, config);
    write_gemma_attention(o, config);
    config["rope_local_base_freq"] = o.windowed_rope_base;  // for transformers 4
    config["rope_parameters"] = {
        {"full_attention", detail::rotary_json(o)},
        {"sliding_attention", {{"rope_theta", o.windowed_rope_base}, {"rope_type", "default"}}}};
  }
};

}  // namespace COHORT_NAMESPACE::language::family
