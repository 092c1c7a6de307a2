#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstdint>

namespace COHORT_NAMESPACE {

/// Philox4x32: a bijection of 128-bit counters under a 64-bit key; its words pass as random numbers, so a draw needs no
/// state, only coordinates.
///
/// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". Ten rounds is the generator of Random123,
/// cuRAND and C++26.
struct philox4x32 {
  using counter = std::array<std::uint32_t, 4>;
  using key = std::array<std::uint32_t, 2>;

  static constexpr counter block(counter c, key k, int rounds = 10) {
    for (int round = 0; round < rounds; ++round) {
      std::uint64_t first = std::uint64_t(0xD2511F53u) * c[0], second = std::uint64_t(0xCD9E8D57u) * c[2];
      c = {std::uint32_t(second >> 32) ^ c[1] ^ k[0], std::uint32_t(second), std::uint32_t(first >> 32) ^ c[3] ^ k[1],
           std::uint32_t(first)};
      k = {k[0] + 0x9E3779B9u, k[1] + 0xBB67AE85u};
    }
    return c;
  }
};

/// A random word as a number in the open interval (0, 1): never 0 or 1, so log(u) and log(1 - u) are finite. One bit
/// less than the type holds, since with all of them the added half would round the largest to 1.
constexpr float open_unit(std::uint32_t word) { return (float(word >> 9) + .5f) * 0x1p-23f; }
constexpr double open_unit(std::uint32_t high, std::uint32_t low) {
  return (double((std::uint64_t(high) << 32 | low) >> 12) + .5) * 0x1p-52;
}

}  // namespace COHORT_NAMESPACE
