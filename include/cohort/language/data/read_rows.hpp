#pragma once
#include <algorithm>
#include <cohort/file/mapped_file.hpp>
#include <cohort/language/data/data_row.hpp>

namespace COHORT_NAMESPACE::language {

/// The rows of a file of JSON lines, each an object with a `prompt` and the columns `needed`, which may be null; lines
/// of nothing but white space are passed over. Raises io_error with the file and the line (from 1) for one that is not
/// JSON, is no object, has a key twice, lacks a column or has a prompt of another kind, and for a file without rows.
inline std::vector<data_row> read_rows(std::filesystem::path const& path, std::span<std::string const> needed = {}) {
  file::mapped_file const file(path);
  std::string_view rest = detail::characters_of(file);
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // a byte order mark
  std::vector<data_row> rows;
  for (long number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    data_row row;
    row.where = path.string() + ", line " + std::to_string(number);
    row.columns = file::parse_object(line, row.where);
    auto const fields = row.fields();
    if (fields.at("prompt").is_string()) {
      row.prompt = fields.text("prompt");
    } else {
      row.turns = detail::turns_in(fields, "prompt");
      row.prompt = row.turns.back().content;
    }
    for (auto const& column : needed)
      if (!fields.has(column.c_str())) {
        std::string there;
        for (auto const& item : row.columns.items()) there += (there.empty() ? "" : ", ") + item.key();
        fields.refuse("has no " + column + ", beside " + there);
      }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) detail::refuse_file(path.string(), "has no rows, expected lines such as {\"prompt\": \"...\"}");
  return rows;
}

}  // namespace COHORT_NAMESPACE::language
