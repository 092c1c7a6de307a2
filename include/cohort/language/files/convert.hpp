#pragma once
#include <cohort/language/files/convert_folder.hpp>
#include <cohort/language/files/convert_gguf.hpp>

namespace COHORT_NAMESPACE::language {

/// Writes a model, in a folder of Hugging Face's or a GGUF file, as another folder or file: one whose name ends with
/// .gguf is a GGUF file.
///
///     language::convert("SmolLM2-135M-Instruct", "smollm2.gguf", {.type = stored_type::q8_0});
///
/// Between folders and between GGUF files what is not about the type stays as it was; from one to the other go extents,
/// weights, the tokenizer, the chat template and the tokens that end a text. What was written appears whole or not at
/// all. Raises io_error for what read_config, gguf_model and the tokenizers refuse, for what the other kind of file
/// cannot say, and where the name is taken; value_error for a number or rows that the type cannot hold.
inline converted convert(std::filesystem::path const& from, std::filesystem::path const& to,
                         convert_options const& how = {}) {
  std::error_code absent;
  bool const folder = std::filesystem::is_directory(from, absent), to_file = to.extension() == ".gguf";
  if (std::filesystem::equivalent(from, to, absent))
    throw io_error(to.string() + " is the model that is to be converted, expected another name");
  if (!to_file && std::filesystem::exists(to, absent) && !std::filesystem::is_directory(to, absent))
    throw io_error(to.string() + " is a file, expected a folder, or a name that ends with .gguf");
  if (to_file && std::filesystem::is_directory(to, absent))
    throw io_error(to.string() + " is a folder, expected a file where the name ends with .gguf");
  if (to_file) return folder ? detail::folder_to_gguf(from, to, how) : detail::gguf_to_gguf(from, to, how);
  return folder ? detail::folder_to_folder(from, to, how) : detail::gguf_to_folder(from, to, how);
}

}  // namespace COHORT_NAMESPACE::language
