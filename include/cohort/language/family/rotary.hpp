#pragma once
#include <cohort/describe/enumerators.hpp>
#include <cohort/file/json.hpp>
#include <cohort/language/model/decoder_options.hpp>

// The rotary positions of a config.json.

namespace COHORT_NAMESPACE::detail {

/// The numbers of a kind of positions, from the object that names it.
inline rotary_scaling scaling_in(file::json_fields const& rope, int context) {
  using kind = rotary_scaling::kind;
  rotary_scaling s;
  for (char const* type : {"rope_type", "type"}) {
    auto const* name = rope.find(type);
    if (!name || *name == "default") continue;
    if (*name == "dynamic") continue;  // stretches nothing before the context's end, which is where a series ends
    for (kind const k : {kind::linear, kind::llama3, kind::yarn})
      if (*name == name_of(k)) s.how = k;
    if (s.how == kind::none) rope.wrong(type, "\"default\", \"dynamic\", \"linear\", \"llama3\" or \"yarn\"");
  }
  if (s.how == kind::none) return s;
  auto optional = [&](char const* name, double otherwise) { return rope.find(name) ? rope.number(name) : otherwise; };
  s.factor = rope.number("factor");
  if (s.how == kind::linear) return s;
  s.original_context = optional("original_max_position_embeddings", context);
  if (s.how == kind::llama3) {
    s.low = rope.number("low_freq_factor"), s.high = rope.number("high_freq_factor");
    return s;
  }
  for (char const* unknown : {"mscale", "mscale_all_dim"})
    if (rope.find(unknown)) rope.wrong(unknown, "none, of which nothing is known here");
  s.fast = optional("beta_fast", s.fast), s.slow = optional("beta_slow", s.slow);
  s.attention = optional("attention_factor", 0);
  s.truncated = rope.flag("truncate", true);
  return s;
}

/// Base, scaling and, where a family has it, the share of a head that is rotated: transformers 5 has them in
/// rope_parameters, 4 in rope_theta with rope_scaling.
inline void read_rotary(file::json_fields const& config, decoder_options& o, bool partial = false) {
  auto const read_share = [&](file::json_fields const& fields) {
    if (!fields.find("partial_rotary_factor")) return;
    o.rotary_share = fields.number("partial_rotary_factor");
    if (!partial && o.rotary_share != 1) fields.wrong("partial_rotary_factor", "1");
  };
  o.rope_base = config.find("rope_theta") ? config.number("rope_theta") : 10000;
  read_share(config);
  for (char const* name : {"rope_parameters", "rope_scaling"}) {
    auto const* value = config.find(name);
    if (!value) continue;
    if (!value->is_object()) config.wrong(name, "an object");
    file::json_fields const rope(*value, config.where() + ", " + name);
    auto const s = scaling_in(rope, o.context);
    read_share(rope);
    if (o.scaling.how != rotary_scaling::kind::none && s != o.scaling)
      config.wrong(name, "the one beside it in rope_parameters");
    o.scaling = s;
    try {
      s.check();
    } catch (value_error const& e) {
      rope.refuse(std::string("cannot be: ") + e.what());
    }
    if (!rope.find("rope_theta")) continue;
    if (config.find("rope_theta") && rope.number("rope_theta") != o.rope_base)
      rope.wrong("rope_theta", "the one beside " + std::string(name) + ", " + text(o.rope_base));
    o.rope_base = rope.number("rope_theta");
  }
  if (!(o.rope_base > 1)) config.refuse("has the rope_theta " + text(o.rope_base) + ", expected a number above 1");
}

/// As transformers 5 writes it.
inline nlohmann::ordered_json rotary_json(decoder_options const& o) {
  using kind = rotary_scaling::kind;
  auto const& s = o.scaling;
  nlohmann::ordered_json all = {{"rope_theta", o.rope_base},
                                {"rope_type", s.how == kind::none ? std::string("default") : name_of(s.how)}};
  if (o.rotary_share != 1) all["partial_rotary_factor"] = o.rotary_share;
  if (s.how == kind::none) return all;
  all["factor"] = s.factor;
  if (s.how == kind::linear) return all;
  all["original_max_position_embeddings"] = std::int64_t(s.original_context);
  if (s.how == kind::llama3) all["low_freq_factor"] = s.low, all["high_freq_factor"] = s.high;
  else {
    all["beta_fast"] = s.fast, all["beta_slow"] = s.slow, all["truncate"] = s.truncated;
    if (s.attention > 0) all["attention_factor"] = s.attention;
  }
  return all;
}

}  // namespace COHORT_NAMESPACE::detail
