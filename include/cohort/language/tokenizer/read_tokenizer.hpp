#pragma once
#include <cohort/file/mapped_file.hpp>
#include <cohort/language/tokenizer/sentencepiece_model.hpp>
#include <cohort/language/tokenizer/tokenizer_json.hpp>
#include <system_error>

// A tokenizer's parts from whichever file has them.

namespace COHORT_NAMESPACE::language {

/// The parts of a file, tokenizer.json or sentencepiece's tokenizer.model, or of the former in a folder and the latter
/// where it is not there. A folder's tokenizer_config.json may name the tokens that begin and end a text, and say of a
/// tokenizer.model that encode puts them around it. Raises io_error.
inline tokenizer_parts read_tokenizer(std::filesystem::path const& folder_or_file) {
  std::error_code absent;
  bool const in_folder = std::filesystem::is_directory(folder_or_file, absent);
  auto path = in_folder ? folder_or_file / "tokenizer.json" : folder_or_file;
  if (in_folder && !std::filesystem::exists(path, absent) &&
      std::filesystem::exists(folder_or_file / "tokenizer.model", absent))
    path = folder_or_file / "tokenizer.model";
  bool const pieces = path.extension() == ".model";
  file::mapped_file const file(path);
  tokenizer_parts parts = pieces ? read_sentencepiece(file.bytes(), path.string())
                                 : read_tokenizer_json(detail::characters_of(file), path.string());
  if (!in_folder) return parts;
  file::json const config = read_tokenizer_config(folder_or_file);
  detail::step_fields const f(config, (folder_or_file / "tokenizer_config.json").string());
  for (auto const& [name, to] : {std::pair{"bos_token", &parts.begin}, std::pair{"eos_token", &parts.end}}) {
    std::string const text = detail::token_text(f, name);
    if (text.empty()) continue;
    auto const added = std::ranges::find(parts.added, text, &added_token::text);
    std::int32_t const id = added != parts.added.end() ? added->id : parts.tokens.find(text);
    if (id != detail::token_list::none) *to = id;
  }
  if (pieces && f.flag("add_bos_token", false) && parts.begin) parts.before = {*parts.begin};
  if (pieces && f.flag("add_eos_token", false) && parts.end) parts.behind = {*parts.end};
  return parts;
}

}  // namespace COHORT_NAMESPACE::language
