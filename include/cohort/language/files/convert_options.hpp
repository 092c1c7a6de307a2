#pragma once
#include <algorithm>
#include <cohort/backend/stored_types.hpp>
#include <cohort/error.hpp>
#include <cohort/file/gguf.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <vector>

namespace COHORT_NAMESPACE::language {

struct convert_options {
  /// Of the matrices: F32, F16, BF16 or, in a GGUF file, Q8_0; absent: as they are, where all are of one such type,
  /// else F32 (between folders each as it is).
  std::optional<stored_type> type{};
  bool tokenizer = true;  ///< with it, and the chat template
  existing what = existing::refuse;
};

struct converted {
  std::optional<stored_type> type;  ///< of the matrices; absent: as they were
  bool tokenizer;                   ///< whether there is one
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// Of a GGUF file.
inline std::vector<std::optional<stored_type>> types_of_matrices(file::gguf const& file) {
  std::vector<std::optional<stored_type>> all;
  for (auto const& [name, t] : file.tensors())
    if (t.shape.size() > 1) all.push_back(t.type);
  return all;
}

/// The type that all matrices have, if it is one of these; else F32.
inline stored_type type_of_all(std::vector<std::optional<stored_type>> const& matrices,
                               std::initializer_list<stored_type> writable) {
  for (auto type : writable)
    if (!matrices.empty() && std::ranges::all_of(matrices, [&](auto const& one) { return one == type; })) return type;
  return stored_type::f32;
}

}  // namespace COHORT_NAMESPACE::detail
