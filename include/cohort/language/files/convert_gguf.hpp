#pragma once
#include <cohort/language/files/convert_options.hpp>
#include <cohort/language/files/gguf_model.hpp>
#include <cohort/language/files/gguf_tokenizer_values.hpp>
#include <cohort/language/files/load.hpp>
#include <cohort/language/files/write_gguf.hpp>

// A model's files as a GGUF file.

namespace COHORT_NAMESPACE::detail {

/// The types that a folder's matrices have in kernels.
inline std::vector<std::optional<stored_type>> types_of_matrices(std::filesystem::path const& folder) {
  tensor_files const files(folder);
  std::vector<std::optional<stored_type>> all;
  for (auto const& name : files.names())
    if (auto const& t = files.file_of(name).at(name); t.shape.size() > 1) all.push_back(type_in_kernels(t.type));
  return all;
}

inline language::converted folder_to_gguf(std::filesystem::path const& from, std::filesystem::path const& to,
                                          language::convert_options const& how) {
  using enum stored_type;
  auto const options = language::read_config(from);
  language::gguf_write_options write{.type = how.type ? *how.type : type_of_all(types_of_matrices(from), {f16, bf16}),
                                     .stop_tokens = language::read_stop_tokens(from),
                                     .what = how.what};
  bool const texts = how.tokenizer && has_tokenizer(from);
  if (texts) {
    language::gguf_tokenizer_values words(from, options.vocabulary, write.stop_tokens);
    write.values = std::move(words.values), write.stop_tokens = std::move(words.stop_tokens);
  }
  std::error_code none;
  auto const name = std::filesystem::canonical(from, none).filename().string();
  write.values.set("general.name", name.empty() ? from.string() : name);
  file::new_file{to, how.what};  // before all is read
  std::vector<float> parameters(static_cast<std::size_t>(options.parameters()));
  language::read_parameters<float>(from, options, parameters);
  language::write_gguf<float>(to, options, parameters, write);
  return {write.type, texts};
}

/// Tensor by tensor and row by row, each value as it is.
inline language::converted gguf_to_gguf(std::filesystem::path const& from, std::filesystem::path const& to,
                                        language::convert_options const& how) {
  using enum stored_type;
  language::gguf_model const model(from);
  auto const& tensors = model.file().tensors();
  stored_type const type = how.type ? *how.type : type_of_all(types_of_matrices(model.file()), {f16, bf16, q8_0});

  file::new_gguf_values values;
  values.copy(model.file(), "");
  values.erase("general.alignment");
  if (!how.tokenizer) {
    for (auto const& [key, value] : model.file().values())
      if (key.starts_with("tokenizer.") && !key.ends_with("_token_id")) values.erase(key);
    values.set("tokenizer.ggml.model", "none");
  }
  set_gguf_file_type(values, type);
  std::vector<float> row;
  std::vector<file::new_gguf_tensor<float>> written;
  for (auto const& [name, t] : tensors)
    written.push_back({name, t.shape, t.shape.size() > 1 ? type : f32, [&row, &t](std::size_t r) {
                         std::size_t const bytes = t.bytes.size() / t.rows();
                         row.resize(t.columns());
                         dequantize(t.type, t.bytes.subspan(r * bytes, bytes), row);
                         return std::span<float const>(row);
                       }});
  file::new_file file(to, how.what);
  file::write_gguf(file, values, written);
  file.commit();
  return {type, how.tokenizer && model.file().find("tokenizer.ggml.tokens")};
}

}  // namespace COHORT_NAMESPACE::detail
