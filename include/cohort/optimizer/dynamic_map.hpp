#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

// Numbers of 8 bits whose steps are finer the nearer they are to 0: 7 decades, of which the one up to 1 has half of the
// codes, the next a quarter, and so on. Dettmers 2015, arXiv:1511.04561; Dettmers et al. 2021, arXiv:2110.02861, 2.

namespace COHORT_NAMESPACE::detail {

/// The 256 numbers in [-1, 1], or of the unsigned map in [0, 1], in their order; those of bitsandbytes'
/// create_dynamic_map to the bit.
inline std::array<float, 256> dynamic_map(bool has_sign) {
  std::array<float, 256> all{};
  std::size_t n = 0;
  for (int i = 0; i < 7; ++i) {
    static constexpr float powers[] = {1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 1};
    float const power = powers[i];
    int const steps = 1 << (has_sign ? i : i + 1);
    // From both ends to the middle, as torch.linspace goes.
    float const width = (1 - .1f) / float(steps);
    auto const boundary = [&](int k) {
      return k < (steps + 1) / 2 ? .1f + width * float(k) : 1 - width * float(steps - k);
    };
    for (int k = 0; k < steps; ++k) {
      float const mean = (boundary(k) + boundary(k + 1)) / 2;
      all[n++] = power * mean;
      if (has_sign) all[n++] = -power * mean;
    }
  }
  all[n++] = 0, all[n++] = 1;
  std::sort(all.begin(), all.end());
  return all;
}

/// For each of the upper 16 bits of a float in [-1, 1], or of the unsigned map in [0, 1], the last code below all
/// floats with these bits. Among them is no more than one code: they are 2^-7 of their size apart at most.
inline std::vector<std::uint8_t> codes_to_begin_at(std::array<float, 256> const& map, bool has_sign) {
  std::vector<std::uint8_t> all(has_sign ? 1u << 16 : 1u << 15);
  for (std::uint32_t upper = 0; upper < all.size(); ++upper) {
    auto const lowest = std::bit_cast<float>(upper << 16 | (upper >> 15 ? 0xffffu : 0u));
    auto const above = std::lower_bound(map.begin(), map.end(), lowest);  // all before it are less; a NaN has none
    all[upper] = std::uint8_t(std::clamp<std::ptrdiff_t>(above - map.begin() - 1, 0, 254));
  }
  return all;
}

/// The code of the number nearest to x in [-1, 1], of two that are as near the lower one. Without branches, which would
/// be guessed wrong.
template <class T>
constexpr int nearest_code(T x, T const* map, std::uint8_t const* begin_at) {
  int lower = begin_at[std::bit_cast<std::uint32_t>(float(x)) >> 16];
  lower += x > map[lower + 1];
  if constexpr (sizeof(T) > sizeof(float))
    lower -= int(lower > 0) & int(!(x > map[lower]));  // rounded to the next bits
  return lower + int(!(x - map[lower] <= map[lower + 1] - x));
}

}  // namespace COHORT_NAMESPACE::detail
