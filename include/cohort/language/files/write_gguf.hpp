#pragma once
#include <cohort/language/files/gguf_rotary.hpp>
#include <cohort/language/files/parameter_array.hpp>

namespace COHORT_NAMESPACE::detail {

/// general.file_type, by llama.cpp's numbers.
inline std::uint32_t gguf_file_type(stored_type type) {
  using enum stored_type;
  return type == f32 ? 0 : type == f16 ? 1 : type == bf16 ? 32 : 7;
}

inline void set_gguf_file_type(file::new_gguf_values& values, stored_type type) {
  values.set("general.file_type", gguf_file_type(type));
  if (type == stored_type::q8_0) values.set("general.quantization_version", std::uint32_t(2));
}

inline void set_gguf_stop_tokens(file::new_gguf_values& values, std::vector<std::int32_t> const& tokens) {
  constexpr std::array keys{"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                            "tokenizer.ggml.eom_token_id"};
  if (tokens.size() > keys.size())
    throw value_error("write_gguf: there are " + std::to_string(tokens.size()) +
                      " stop tokens, expected at most 3, for which a GGUF file has keys");
  for (std::size_t n = 0; n < tokens.size(); ++n) values.set(keys[n], std::uint32_t(tokens[n]));
}

/// A decoder's tensors as a GGUF file has them; they read `parameters` when they are written.
template <class T>
std::vector<file::new_gguf_tensor<T>> gguf_tensors(language::gguf_architecture const& architecture,
                                                   decoder_options const& o, std::span<T const> parameters,
                                                   stored_type type) {
  std::vector<file::new_gguf_tensor<T>> all;
  if (o.scaling.how == rotary_scaling::kind::llama3) {
    auto const factors = rotary_factors(o.scaling, o.rotated(), o.rope_base);
    std::vector<T> const given(factors.begin(), factors.end());
    all.push_back({"rope_freqs.weight", {given.size()}, stored_type::f32, [given](std::size_t) {
                     return std::span<T const>(given);
                   }});
  }
  for (auto const& t : architecture.tensors(o)) {
    std::string const theirs = language::gguf_name_of(architecture, t.name);
    if (theirs.empty()) throw value_error("write_gguf: tensor " + t.name + " has no name in GGUF that is known here");
    auto const given = parameters.subspan(std::size_t(t.offset), std::size_t(t.size()));
    language::gguf_rows const order(architecture, t.name, o.size_of_head());
    auto const columns = std::size_t(t.columns);
    if (columns) {
      all.push_back(
          {theirs, shape_of(t), type, [=](std::size_t r) { return given.subspan(order.ours(r) * columns, columns); }});
    } else {
      std::vector<T> turned(given.size());
      for (std::size_t r = 0; r < turned.size(); ++r)
        turned[r] = given[order.ours(r)] + T(language::gguf_shift(o, t.name));
      all.push_back(
          {theirs, shape_of(t), stored_type::f32, [turned](std::size_t) { return std::span<T const>(turned); }});
    }
  }
  return all;
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// What is written besides a decoder's extents and parameters.
struct gguf_write_options {
  stored_type type = stored_type::f32;      ///< of the matrices: F32, F16, BF16 or Q8_0; vectors are F32
  std::vector<std::int32_t> stop_tokens{};  ///< three at most: as the ends of text, of a turn, of a message
  file::new_gguf_values values{};           ///< others; tokenizer.* of another file: .copy(file, "tokenizer.")
  existing what = existing::refuse;
};

/// Writes a GGUF file that llama.cpp runs. Without a tokenizer among the values it says that there is none. Raises
/// value_error for a decoder that is none of the known architectures, and for what a GGUF file or the type cannot hold;
/// then, as where the system fails, there is no file.
template <class T>
void write_gguf(std::filesystem::path const& path, decoder_options const& options, std::span<T const> parameters,
                gguf_write_options const& how = {}, std::span<gguf_architecture const> known = gguf_architectures) {
  options.check();
  auto const decoder = tensors_of(options);
  detail::require_parameters("write_gguf", decoder, parameters.size());
  auto const found = std::find_if(known.begin(), known.end(), [&](auto const& a) { return a.describes(options); });
  if (found == known.end()) throw value_error("write_gguf: the decoder is of none of GGUF's architectures known here");
  gguf_architecture const& architecture = *found;

  file::new_gguf_values values = how.values;
  std::string const name(architecture.name);
  auto set = [&](char const* key, int n) { values.set(name + "." + key, std::uint32_t(n)); };
  values.set("general.architecture", architecture.name);
  detail::set_gguf_file_type(values, how.type);
  // Without a window the context ends where one would begin to cut anything off.
  int const context =
      options.window > 0 && !architecture.windowed ? std::min(options.window, options.context) : options.context;
  set("vocab_size", options.vocabulary), set("context_length", context);
  set("embedding_length", options.hidden), set("feed_forward_length", options.intermediate);
  set("block_count", options.layers), set("attention.head_count", options.heads);
  set("attention.head_count_kv", options.keys());
  set("attention.key_length", options.size_of_head()), set("attention.value_length", options.size_of_head());
  values.set(name + "." + gguf_epsilon(options), float(options.epsilon));
  if (!options.learned_positions) detail::set_gguf_rotary(values, name, options);
  if (options.window && architecture.windowed) set("attention.sliding_window", options.window);
  architecture.write(options, name + ".", values);
  if (!values.contains("tokenizer.ggml.model")) values.set("tokenizer.ggml.model", "none");
  detail::set_gguf_stop_tokens(values, how.stop_tokens);

  file::new_file file(path, how.what);
  file::write_gguf(file, values, detail::gguf_tensors(architecture, options, parameters, how.type));
  file.commit();
}

}  // namespace COHORT_NAMESPACE::language
