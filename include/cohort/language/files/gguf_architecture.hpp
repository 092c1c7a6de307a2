#pragma once
#include <array>
#include <cmath>
#include <cohort/file/new_gguf.hpp>
#include <cohort/language/model/decoder_options.hpp>
#include <cohort/language/model/rotary_pairs.hpp>

// What GGUF files call the families of language models and their tensors.

namespace COHORT_NAMESPACE::language {

/// The values of an architecture, "llama.block_count" as "block_count".
class gguf_keys {
 public:
  gguf_keys(file::gguf const& file, std::string_view architecture)
      : file_(file), prefix_(std::string(architecture) + ".") {}

  bool has(char const* name) const { return file_.find(prefix_ + name); }
  bool has_tensor(std::string_view name) const { return file_.tensors().contains(name); }
  int positive(char const* name, int limit = std::numeric_limits<int>::max()) const {
    auto const n = file_.integer(prefix_ + name);
    if (n < 1 || n > limit) wrong(name, std::to_string(n), "a number from 1 to " + std::to_string(limit));
    return int(n);
  }
  double number(char const* name) const { return file_.number(prefix_ + name); }
  double number(char const* name, double otherwise) const { return has(name) ? number(name) : otherwise; }
  bool flag(char const* name, bool otherwise) const { return has(name) ? file_.flag(prefix_ + name) : otherwise; }
  std::string text(char const* name, std::string const& otherwise) const {
    return has(name) ? file_.text(prefix_ + name) : otherwise;
  }
  [[noreturn]] void wrong(char const* name, std::string const& given, std::string const& expected) const {
    file_.refuse(file::gguf::shown_key(prefix_ + name) + " is " + given + ", expected " + expected);
  }

 private:
  file::gguf const& file_;
  std::string prefix_;
};

/// Hugging Face's name of a tensor without its layer and its ".weight" or ".bias", and GGUF's.
struct gguf_name {
  std::string_view ours, theirs;
};

/// An architecture of GGUF files. Another family is another one in the list, and no more where its layers are made of
/// what decoder_options can say.
struct gguf_architecture {
  std::string_view name;               ///< general.architecture
  std::span<gguf_name const> names{};  ///< what it calls otherwise than gguf_names
  bool interleaved = false;  ///< whether the two numbers of a rotary pair stand side by side in queries and keys
  bool windowed = false;     ///< whether it knows a window of attention
  std::vector<named_tensor> (*tensors)(decoder_options const&) = [](decoder_options const& o) { return tensors_of(o); };
  /// The parts that its values and tensors say, once the extents are read.
  void (*read)(gguf_keys const&, decoder_options&) = [](gguf_keys const&, decoder_options&) {};
  /// Whether a decoder can be written as one, and the values that say its parts.
  bool (*describes)(decoder_options const&) = [](decoder_options const&) { return false; };
  void (*write)(decoder_options const&, std::string const& prefix,
                file::new_gguf_values&) = [](decoder_options const&, std::string const&, file::new_gguf_values&) {};
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// Refuses by their keys the values with which some architectures compute otherwise than the decoder does; 0 is none.
inline void refuse_other_formulas(language::gguf_keys const& keys, decoder_options const& o) {
  double const scale = o.attention_scale > 0 ? o.attention_scale : 1 / std::sqrt(double(o.size_of_head()));
  for (auto const& [key, neutral] : {std::pair("attention.scale", scale),
                                     {"attention.max_alibi_bias", 0.},
                                     {"attention.clamp_kqv", 0.},
                                     {"attn_logit_softcapping", o.attention_cap},
                                     {"final_logit_softcapping", o.logit_cap},
                                     {"logit_scale", 1.},
                                     {"residual_scale", 1.},
                                     {"embedding_scale", 1.},
                                     {"expert_count", 0.}}) {
    double const given = keys.number(key, 0);
    if (given != 0 && !(std::abs(given - neutral) <= 1e-6 * neutral))
      keys.wrong(key, text(given), neutral > 0 ? text(neutral) + " or none" : "none, of which nothing is known here");
  }
  if (!keys.flag("attention.causal", true)) keys.wrong("attention.causal", "false", "true");
  if (keys.flag("use_parallel_residual", false)) keys.wrong("use_parallel_residual", "true", "false");
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

inline constexpr std::array<gguf_name, 18> gguf_names{{{"model.embed_tokens", "token_embd"},
                                                       {"model.embed_positions", "position_embd"},
                                                       {"model.norm", "output_norm"},
                                                       {"lm_head", "output"},
                                                       {"input_layernorm", "attn_norm"},
                                                       {"self_attn.q_proj", "attn_q"},
                                                       {"self_attn.k_proj", "attn_k"},
                                                       {"self_attn.v_proj", "attn_v"},
                                                       {"self_attn.qkv_proj", "attn_qkv"},
                                                       {"self_attn.q_norm", "attn_q_norm"},
                                                       {"self_attn.k_norm", "attn_k_norm"},
                                                       {"self_attn.o_proj", "attn_output"},
                                                       {"post_attention_layernorm", "ffn_norm"},
                                                       {"pre_feedforward_layernorm", "ffn_norm"},
                                                       {"post_feedforward_layernorm", "post_ffw_norm"},
                                                       {"mlp.gate_proj", "ffn_gate"},
                                                       {"mlp.up_proj", "ffn_up"},
                                                       {"mlp.down_proj", "ffn_down"}}};

/// GGUF's name of one of the decoder's tensors; "" where the tables have none.
inline std::string gguf_name_of(gguf_architecture const& architecture, std::string_view ours) {
  std::string prefix;
  constexpr std::string_view layers = "model.layers.";
  if (ours.starts_with(layers)) {
    ours.remove_prefix(layers.size());
    std::size_t const end = ours.find('.');
    prefix = "blk." + std::string(ours.substr(0, end)) + ".";
    ours.remove_prefix(end + 1);
  }
  std::size_t const suffix = ours.rfind('.');
  for (std::span<gguf_name const> names : {architecture.names, std::span<gguf_name const>(gguf_names)})
    for (auto const& name : names)
      if (name.ours == ours.substr(0, suffix))
        return prefix + std::string(name.theirs) + std::string(ours.substr(suffix));
  return "";
}

/// The key of the norms' epsilon.
inline char const* gguf_epsilon(decoder_options const& o) {
  return o.norm == norm_kind::layer ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon";
}

/// What a GGUF file has added to a tensor's numbers: Gemma's norms are there as what they multiply by.
inline double gguf_shift(decoder_options const& o, std::string_view ours) {
  return o.norm == norm_kind::rms_plus_one && ours.ends_with("norm.weight") ? 1 : 0;
}

/// In which order a GGUF file has a tensor's rows: queries and keys of an interleaved architecture have the pair
/// (d, d + size / 2) of a head as rows (2 d, 2 d + 1), all else is as it is here.
class gguf_rows {
 public:
  gguf_rows(gguf_architecture const& architecture, std::string_view ours, int head_size)
      : size_(std::size_t(head_size)) {
    for (char const* name : {".self_attn.q_proj.", ".self_attn.k_proj."})
      interleaved_ = interleaved_ || (architecture.interleaved && ours.find(name) != ours.npos);
  }
  /// The file's row that is row n here, and the other way.
  std::size_t theirs(std::size_t n) const { return interleaved_ ? detail::row_in_adjacent_pairs(n, size_) : n; }
  std::size_t ours(std::size_t n) const { return interleaved_ ? detail::row_of_adjacent_pairs(n, size_) : n; }

 private:
  std::size_t size_;
  bool interleaved_ = false;
};

}  // namespace COHORT_NAMESPACE::language
