#pragma once
#include <cohort/file/json.hpp>
#include <cohort/file/mapped_file.hpp>

namespace COHORT_NAMESPACE::detail {

/// The object that a file of JSON is. Raises io_error naming the file.
inline file::json read_object(std::filesystem::path const& path) {
  file::mapped_file const file(path);
  return file::parse_object(characters_of(file), path.string());
}

}  // namespace COHORT_NAMESPACE::detail
