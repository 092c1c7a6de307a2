#pragma once
#include <cohort/language/model/decoder_tensors.hpp>
#include <initializer_list>
#include <string_view>
#include <utility>

// What a family's files call the tensors of a decoder.

namespace COHORT_NAMESPACE::language::family {

/// Parts of names replaced, each pair's first by its second.
inline std::vector<named_tensor> with_names(
    std::vector<named_tensor> all, std::initializer_list<std::pair<std::string_view, std::string_view>> names) {
  for (auto& t : all)
    for (auto const& [ours, theirs] : names)
      if (auto const at = t.name.find(ours); at != std::string::npos) {
        t.name.replace(at, ours.size(), theirs);
        break;
      }
  return all;
}

/// `count` tensors that follow one another, from each whose name has `first` in it, as one of that many rows together.
inline std::vector<named_tensor> with_fused(std::vector<named_tensor> const& all, std::string_view first,
                                            std::size_t count, std::string_view name) {
  std::vector<named_tensor> fused;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& t = fused.emplace_back(all[i]);
    auto const at = t.name.find(first);
    if (at == std::string::npos) continue;
    t.name.replace(at, first.size(), name);
    for (std::size_t k = 1; k < count; ++k) t.rows += all[++i].rows;
  }
  return fused;
}

}  // namespace COHORT_NAMESPACE::language::family
