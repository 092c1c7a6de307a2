#pragma once
#include <cohort/file/read_object.hpp>
#include <cohort/language/model/lora_options.hpp>

// adapter_config.json, as PEFT reads and writes it.

namespace COHORT_NAMESPACE::detail {

/// What PEFT can do besides, in which there may be nothing: null, false or empty.
inline constexpr char const* other_than_lora[] = {"use_dora",
                                                  "use_qalora",
                                                  "lora_bias",
                                                  "fan_in_fan_out",
                                                  "rank_pattern",
                                                  "alpha_pattern",
                                                  "modules_to_save",
                                                  "layers_to_transform",
                                                  "layer_replication",
                                                  "trainable_token_indices",
                                                  "target_parameters",
                                                  "use_bdlora",
                                                  "kasa_config",
                                                  "velora_config",
                                                  "monteclora_config",
                                                  "arrow_config",
                                                  "alora_invocation_tokens"};

inline bool is_nothing(file::json const& x) {
  return x.is_null() || x == false || ((x.is_object() || x.is_array()) && x.empty());
}

/// Its rank, alpha and kind of scale; what the targets are is said by the tensors. Raises io_error naming the file and
/// the key for adapters that are of another kind.
inline lora_options read_adapter_config(std::filesystem::path const& path) {
  file::json const object = read_object(path);
  file::json_fields const fields(object, path.string());
  if (fields.text("peft_type") != "LORA") fields.wrong("peft_type", "\"LORA\"");
  if (fields.find("bias") && fields.text("bias") != "none") fields.wrong("bias", "\"none\"");
  for (char const* key : other_than_lora)
    if (auto const* given = fields.find(key); given && !is_nothing(*given)) fields.wrong(key, "nothing: plain LoRA");
  // Other starts change the base, too.
  if (auto const* start = fields.find("init_lora_weights");
      start && !start->is_boolean() && *start != "gaussian" && *start != "orthogonal")
    fields.wrong("init_lora_weights", "true, false, \"gaussian\" or \"orthogonal\"");
  lora_options o{.rank = fields.positive("r"), .alpha = fields.number("lora_alpha")};
  if (!(o.alpha > 0)) fields.wrong("lora_alpha", "a positive number");
  o.rank_stabilized = fields.flag("use_rslora", false);
  return o;
}

inline std::string adapter_config_text(lora_options const& o, std::string const& base) {
  nlohmann::ordered_json config{{"peft_type", "LORA"}, {"task_type", "CAUSAL_LM"}};
  config["base_model_name_or_path"] = base.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(base);
  o.parameters([&](char const* name, auto const& x) { config[name] = x; });
  config["lora_dropout"] = 0.0;
  config["bias"] = "none";
  config["inference_mode"] = true;
  return config.dump(2) + "\n";
}

}  // namespace COHORT_NAMESPACE::detail
