#pragma once
#include <cohort/error.hpp>
#include <cohort/file/json.hpp>
#include <cohort/language/model/decoder_options.hpp>
#include <set>

// A decoder's tensors in its flat array of parameters, for the files that they are read from and written to.

namespace COHORT_NAMESPACE::detail {

inline std::vector<std::size_t> shape_of(named_tensor const& t) {
  if (t.columns == 0) return {std::size_t(t.rows)};
  if (t.turned) return {std::size_t(t.columns), std::size_t(t.rows)};
  return {std::size_t(t.rows), std::size_t(t.columns)};
}

inline void require_parameters(char const* where, std::vector<named_tensor> const& tensors, std::size_t given) {
  auto const expected = std::size_t(tensors.back().offset + tensors.back().size());
  if (given != expected)
    throw shape_error(std::string(where) + ": the array has " + std::to_string(given) + " elements, and the decoder " +
                      std::to_string(expected) + " parameters");
}

/// Raises io_error for files with tensors that the decoder has not, naming five; nothing for none.
inline void refuse_strangers(std::string const& where, std::set<std::string> const& strangers) {
  if (strangers.empty()) return;
  std::string names;
  std::size_t count = 0;
  for (auto const& name : strangers)
    if (count++ < 5) names += (names.empty() ? "" : ", ") + shown(name);
  if (count > 5) names += " and " + std::to_string(count - 5) + " more";
  refuse_file(where, "has tensors that the decoder does not have: " + names);
}

}  // namespace COHORT_NAMESPACE::detail
