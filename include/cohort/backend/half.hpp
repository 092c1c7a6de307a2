#pragma once
#include <bit>
#include <cohort/compiler.hpp>
#include <cstdint>

namespace COHORT_NAMESPACE {

/// The number that 16 bits mean as bfloat16: the upper half of a float's bits. Exact.
constexpr float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// The number that 16 bits mean as IEEE 754's binary16: 1 sign bit, 5 of exponent, 10 of fraction. Exact; a NaN keeps
/// its sign and its fraction's bits.
constexpr float from_half(std::uint16_t bits) {
  std::uint32_t const sign = std::uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  if (exponent == 0) {  // zero, or a subnormal: that many times 2^-24, which float holds as a normal number
    float const magnitude = float(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  std::uint32_t const biased = exponent == 0x1f ? 0xff : exponent - 15 + 127;
  return std::bit_cast<float>(sign | biased << 23 | fraction << 13);
}

}  // namespace COHORT_NAMESPACE
