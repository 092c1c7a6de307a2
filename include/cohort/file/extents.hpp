#pragma once
#include <algorithm>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <limits>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// unit times the extents, or the largest number there is where that is larger.
inline std::size_t product(std::vector<std::size_t> const& shape, std::size_t unit) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return 0;
  for (std::size_t n : shape) unit = unit > most / n ? most : unit * n;
  return unit;
}

}  // namespace COHORT_NAMESPACE::detail
