#pragma once
#include <cohort/language/family/gemma.hpp>
#include <cohort/language/family/names.hpp>

namespace COHORT_NAMESPACE::language::family {

/// Norms behind attention and feed-forward layer, scores of another scale, caps and windows, as Gemma 2 and 3 have
/// them.
inline void read_gemma_attention(file::json_fields const& config, decoder_options& o, double attention_cap,
                                 double logit_cap, int every) {
  auto const optional = [&](char const* name, double otherwise) {
    if (!config.has(name)) return otherwise;
    return config.find(name) ? config.number(name) : 0.;  // null is none
  };
  o.norms_after = true;
  double const scalar = optional("query_pre_attn_scalar", 256);
  if (!(scalar > 0)) config.wrong("query_pre_attn_scalar", "a positive number");
  if (scalar != o.size_of_head()) o.attention_scale = 1 / std::sqrt(scalar);
  o.attention_cap = optional("attn_logit_softcapping", attention_cap);
  o.logit_cap = optional("final_logit_softcapping", logit_cap);
  read_window(config, o, window_in(config, 4096), [&](int l) { return (l + 1) % every != 0; });
}
inline void write_gemma_attention(decoder_options const& o, nlohmann::ordered_json& config) {
  auto const or_null = [](double x) { return x > 0 ? nlohmann::ordered_json(x) : nlohmann::ordered_json(); };
  double const scalar = o.attention_scale > 0 ? 1 / (o.attention_scale * o.attention_scale) : o.size_of_head();
  config["query_pre_attn_scalar"] = std::abs(scalar - std::round(scalar)) < 1e-9 * scalar
                                        ? nlohmann::ordered_json(std::int64_t(std::round(scalar)))
                                        : nlohmann::ordered_json(scalar);
  config["attn_logit_softcapping"] = or_null(o.attention_cap);
  config["final_logit_softcapping"] = or_null(o.logit_cap);
  write_window(o, config);
  config["hidden_activation"] = config["hidden_act"];
  config.erase("hidden_act");
}

/// Gemma 2: every other layer has a window.
struct gemma2 {
  static constexpr char const *model_type = "gemma2", *architecture = "Gemma2ForCausalLM";
  static constexpr file::json_fields::other_name names[] = {{"hidden_activation", "hidden_act"}};

  static void read(file::json_fields const& config, decoder_options& o) {
    read_gemma(config.with(names), o);
    read_gemma_attention(config, o, 50, 30, 2);
  }
  static void write(decoder_options const& o, nlohmann::ordered_json& config) {
    write_common(o, config);
    write_gemma_attention(o, config);
  }
};

}  // namespace COHORT_NAMESPACE::language::family
