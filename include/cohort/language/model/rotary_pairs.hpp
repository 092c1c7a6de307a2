#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>

// A rotary pair of a head is (d, d + size / 2), or where rows are as llama.cpp has Llama's the adjacent (2 d, 2 d + 1).

namespace COHORT_NAMESPACE::detail {

/// Where row n of heads of that size stands among rows with adjacent pairs.
constexpr std::size_t row_in_adjacent_pairs(std::size_t n, std::size_t size) {
  std::size_t const d = n % size, half = size / 2;
  return n - d + d % half * 2 + d / half;
}
/// The other way.
constexpr std::size_t row_of_adjacent_pairs(std::size_t n, std::size_t size) {
  std::size_t const d = n % size;
  return n - d + d % 2 * (size / 2) + d / 2;
}

}  // namespace COHORT_NAMESPACE::detail
