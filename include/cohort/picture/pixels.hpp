#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace COHORT_NAMESPACE::picture {

using rgb = std::array<std::uint8_t, 3>;

/// A picture as rows of colors, from the top.
struct pixels {
  int width = 0, height = 0;
  std::vector<rgb> colors{};

  rgb& at(int x, int y) { return colors[std::size_t(y) * std::size_t(width) + std::size_t(x)]; }
  rgb const& at(int x, int y) const { return colors[std::size_t(y) * std::size_t(width) + std::size_t(x)]; }
};

}  // namespace COHORT_NAMESPACE::picture
