#pragma once
#include <cohort/language/files/collected_weights.hpp>
#include <cohort/language/files/gguf_model.hpp>
#include <cohort/language/files/model_weights.hpp>
#include <cohort/language/model/frozen_model.hpp>

namespace COHORT_NAMESPACE::language {

struct load_options {
  std::optional<stored_type> type{};  ///< of the weights: F32, F16, BF16 or Q8_0; absent: as the files have them
  bool round_inputs = false;  ///< of BF16 weights: what they are multiplied by is rounded to bfloat16 too, where the
                              ///< processor multiplies pairs of such numbers (AVX-512 BF16), which is faster
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// A model's file, and the weights that point into it.
template <class File>
struct weights_in_file {
  File file;
  decoder_options options;
  collected_weights weights;
  template <class... A>
  weights_in_file(decoder_options const& o, std::optional<stored_type> type, bool round_inputs, A&&... of_file)
      : file(std::forward<A>(of_file)...), options(o), weights(options, type, round_inputs) {}
};

template <backend B, class File>
frozen_model<B> frozen(B& backend, std::shared_ptr<weights_in_file<File>> const& all) {
  auto& w = all->weights;
  std::vector<value_t<B>> const vectors(w.vectors.begin(), w.vectors.end());
  return {backend, all->options, w.stored, std::span<value_t<B> const>(vectors), all};
}

/// The type that a tensor of a safetensors file has in kernels, if they know it.
inline std::optional<stored_type> type_in_kernels(std::string_view name) {
  for (stored_type type : {stored_type::f32, stored_type::f16, stored_type::bf16})
    if (facts_of(type).name == name) return type;
  return {};
}

/// A folder's model with these options, of files that name its tensors so.
template <backend B>
frozen_model<B> load_folder(B& backend, std::filesystem::path const& path, language::load_options const& o,
                            decoder_options const& options, tensor_naming const& naming) {
  auto const all = std::make_shared<weights_in_file<tensor_files>>(options, o.type, o.round_inputs, path);
  if (!o.type && sizeof(value_t<B>) == 8 && all->file.have("F64")) {
    std::vector<value_t<B>> parameters(std::size_t(options.parameters()));
    read_tensors<value_t<B>>(all->file, naming, options, parameters);
    return {backend, options, std::span<value_t<B> const>(parameters)};
  }
  each_tensor(all->file, naming, options, [&](named_tensor const& t, std::string const& name) {
    auto const& file = all->file.file_of(name);
    auto const& stored = file.at(name);
    auto const type = type_in_kernels(stored.type);
    if (t.columns == 0) {
      file.template read<float>(name, shape_of(t), all->weights.place_of(t));
    } else if (type && !t.turned) {
      file.require_shape(name, shape_of(t));
      all->weights.add(t, {*type, stored.bytes.data(), t.rows, t.columns});
    } else {
      std::vector<float> numbers(static_cast<std::size_t>(t.size()));
      file.template read<float>(name, shape_of(t), numbers);
      if (t.turned) numbers = turned(std::span<float const>(numbers), t.columns, t.rows);
      all->weights.add(t, std::move(numbers));
    }
  });
  return frozen(backend, all);
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The tokens that end a text, as a folder or a GGUF file says.
inline std::vector<std::int32_t> stop_tokens_of(std::filesystem::path const& path) {
  std::error_code absent;
  return std::filesystem::is_directory(path, absent) ? read_stop_tokens(path) : gguf_model(path).stop_tokens();
}

/// A model to score and generate with, from a folder of Hugging Face's or a GGUF file:
///
///     auto model = language::load(cpu, "SmolLM2-135M-Instruct");
///     auto small = language::load(cpu, "SmolLM2-135M-Instruct", {.type = stored_type::q8_0});
///
/// Weights are mapped, not read: a pass reads them from the files, or from the system's cache of these. In another type
/// than the files', or where a family has them turned, they are made anew in memory; float64 is kept where the
/// backend's numbers are double. A family of your own is given after the options. Raises io_error as read_config,
/// read_parameters and gguf_model do.
template <backend B, class... Own>
frozen_model<B> load(B& backend, std::filesystem::path const& path, load_options const& o = {}, Own const&... own) {
  std::error_code absent;
  if (!std::filesystem::is_directory(path, absent)) {
    gguf_model about(path);
    auto options = about.options();
    options.adjacent_pairs = about.architecture().interleaved;
    auto const all =
        std::make_shared<detail::weights_in_file<gguf_model>>(options, o.type, o.round_inputs, std::move(about));
    auto const& in = all->file;
    for (auto const& t : in.architecture().tensors(options)) {
      std::string const name = gguf_name_of(in.architecture(), t.name);
      auto const& stored = in.file().tensor(name);
      if (t.columns == 0) in.read_vector(t, all->weights.place_of(t));
      else all->weights.add(t, {stored.type, stored.bytes.data(), t.rows, t.columns});
    }
    return detail::frozen(backend, all);
  }
  auto const options = read_config(path, own...);
  return detail::load_folder(backend, path, o, options, detail::naming_in(path, options, own...));
}

/// The same with all parameters as numbers of the backend, in memory of its own: the fastest products, and the most
/// memory.
template <backend B, class... Own>
frozen_model<B> load_numbers(B& backend, std::filesystem::path const& path, Own const&... own) {
  std::error_code absent;
  std::optional<gguf_model> const file =
      std::filesystem::is_directory(path, absent) ? std::nullopt : std::optional<gguf_model>(path);
  auto const options = file ? file->options() : read_config(path, own...);
  std::vector<value_t<B>> parameters(std::size_t(lay_out(options).parameters()));
  if (file) file->template read_parameters<value_t<B>>(parameters);
  else read_parameters<value_t<B>>(path, options, std::span(parameters), own...);
  return {backend, options, std::span<value_t<B> const>(parameters)};
}

}  // namespace COHORT_NAMESPACE::language
