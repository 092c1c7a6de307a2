#pragma once
#include <cmath>
#include <cohort/language/family/gemma.hpp>
#include <cohort/language/family/gpt2.hpp>
#include <cohort/language/family/phi3.hpp>
#include <cohort/language/files/gguf_architecture.hpp>

// The architectures of GGUF files that are known, as llama.cpp computes them.

namespace COHORT_NAMESPACE::language {

/// Whether a decoder's parts are those that `set` makes of Llama's, but for some that values of a file say.
template <class Set>
bool is_made_by(Set set, decoder_options const& o, std::initializer_list<std::string_view> said = {}) {
  decoder_options made = o;
  o.parts([&](std::string_view, auto member) { made.*member = decoder_options{}.*member; });
  set(made);
  o.parts([&](std::string_view name, auto member) {
    if (std::find(said.begin(), said.end(), name) != said.end()) made.*member = o.*member;
  });
  for (int l = 0; l < o.layers; ++l)
    if (made.window_of(l) != o.window_of(l)) return false;
  made.windowed = o.windowed;
  return made == o;
}

inline void set_qwen3(decoder_options& o) { o.query_key_norms = true; }
using family::set_gemma;
/// All but each `every`-th layer have a window; a model of as many layers as that of 27 billion parameters has scores
/// of another scale.
inline void set_gemma_attention(decoder_options& o, int every, int layers_of_27b) {
  set_gemma(o);
  o.norms_after = true;
  o.windowed.clear();
  for (int l = 0; l < o.layers; ++l) o.windowed.push_back((l + 1) % every != 0);
  if (o.layers == layers_of_27b) o.attention_scale = 1 / std::sqrt(double(o.hidden) / o.heads);
}
inline void set_gemma2(decoder_options& o) { set_gemma_attention(o, 2, 46); }
inline void set_gemma3(decoder_options& o, int every = 6) {
  set_gemma_attention(o, every, 62);
  o.query_key_norms = true;
}
/// Which layers of a Gemma 3 have no window: each 6th, unless it is each of another number; 0 for other layers.
inline int layers_between(decoder_options const& o) {
  auto fits = [&](int every) {
    return is_made_by([&](decoder_options& made) { set_gemma3(made, every); }, o, {"window", "windowed_rope_base"});
  };
  if (fits(6)) return 6;
  for (int every = 2; every <= std::min(o.layers, 64); ++every)
    if (fits(every)) return every;
  return 0;
}
using family::set_gpt2;
inline void set_biased(decoder_options& o) { o.biased = true; }
inline void set_nothing(decoder_options&) {}

/// As llama.cpp demands where queries, keys and values are one tensor.
inline bool fills_hidden(decoder_options const& o) { return o.heads * o.size_of_head() == o.hidden; }

inline int window_in(gguf_keys const& keys, int otherwise) {
  char const* const key = "attention.sliding_window";
  return keys.has(key) ? keys.positive(key) : otherwise;
}

inline constexpr std::array<gguf_name, 1> gguf_names_of_gemma2{{{"post_attention_layernorm", "post_attention_norm"}}};
inline constexpr std::array<gguf_name, 1> gguf_names_of_phi3{{{"mlp.gate_up_proj", "ffn_up"}}};

/// Llama stands for Mistral too. The first that describes a decoder is what it is written as.
inline constexpr std::array<gguf_architecture, 8> gguf_architectures{{
    {.name = "llama",
     .interleaved = true,
     .read =
         [](gguf_keys const& keys, decoder_options& o) {
           o.biased = keys.has_tensor("blk.0.attn_q.bias"), o.biased_out = keys.has_tensor("blk.0.attn_output.bias");
           o.biased_feed = keys.has_tensor("blk.0.ffn_up.bias");
         },
     .describes =
         [](decoder_options const& o) {
           return o.biased == o.biased_out &&
                  is_made_by(set_nothing, o, {"biased", "biased_out", "biased_feed", "window", "windowed"});
         }},
    {.name = "qwen2",
     .read = [](gguf_keys const&, decoder_options& o) { set_biased(o); },
     .describes = [](decoder_options const& o) { return is_made_by(set_biased, o, {"window", "windowed"}); }},
    {.name = "qwen3",
     .read = [](gguf_keys const&, decoder_options& o) { set_qwen3(o); },
     .describes = [](decoder_options const& o) { return is_made_by(set_qwen3, o, {"window", "windowed"}); }},
    {.name = "gemma",
     .read = [](gguf_keys const&, decoder_options& o) { set_gemma(o); },
     .describes = [](decoder_options const& o) { return is_made_by(set_gemma, o); }},
    {.name = "gemma2",
     .names = gguf_names_of_gemma2,
     .windowed = true,
     .read =
         [](gguf_keys const& keys, decoder_options& o) {
           set_gemma2(o);
           o.window = window_in(keys, 4096);
           o.attention_cap = keys.number("attn_logit_softcapping", 50);
           o.logit_cap = keys.number("final_logit_softcapping", 30);
         },
     .describes =
         [](decoder_options const& o) {
           return o.window && o.attention_cap > 0 &&
                  is_made_by(set_gemma2, o, {"window", "attention_cap", "logit_cap"});
         },
     .write =
         [](decoder_options const& o, std::string const& prefix, file::new_gguf_values& values) {
           values.set(prefix + "attn_logit_softcapping", float(o.attention_cap));
           values.set(prefix + "final_logit_softcapping", float(o.logit_cap));
         }},
    {.name = "gemma3",
     .names = gguf_names_of_gemma2,
     .windowed = true,
     .read =
         [](gguf_keys const& keys, decoder_options& o) {
           char const* const every = "attention.sliding_window_pattern";
           set_gemma3(o, keys.has(every) ? keys.positive(every) : 6);
           o.window = window_in(keys, 0);
           if (o.window) o.windowed_rope_base = keys.number("rope.freq_base_swa", 10000);
           o.logit_cap = keys.number("final_logit_softcapping", 0);
         },
     .describes = [](decoder_options const& o) { return o.window && layers_between(o) > 0; },
     .write =
         [](decoder_options const& o, std::string const& prefix, file::new_gguf_values& values) {
           values.set(prefix + "rope.freq_base_swa", float(o.windowed_rope_base));
           if (int const every = layers_between(o); every != 6)
             values.set(prefix + "attention.sliding_window_pattern", std::uint32_t(every));
         }},
    {.name = "phi3",
     .names = gguf_names_of_phi3,
     .tensors = family::phi3::tensors,
     .describes =
         [](decoder_options const& o) {
           return fills_hidden(o) && is_made_by(set_nothing, o, {"rotary_share", "window", "windowed"});
         }},
    {.name = "gpt2",
     .tensors =
         [](decoder_options const& o) {
           return family::with_fused(tensors_of(o), "self_attn.q_proj", 3, "self_attn.qkv_proj");
         },
     .read = [](gguf_keys const&, decoder_options& o) { set_gpt2(o); },
     .describes = [](decoder_options const& o) { return fills_hidden(o) && is_made_by(set_gpt2, o); }},
}};

}  // namespace COHORT_NAMESPACE::language
