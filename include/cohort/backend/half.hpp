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

/// The nearest bfloat16, of two the one whose last bit is 0. A NaN is quiet and keeps its upper bits.
constexpr std::uint16_t to_bfloat16(float x) {
  auto const bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffff) > 0x7f800000) return std::uint16_t(bits >> 16 | 0x40);
  return std::uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// The nearest binary16, of two the one whose last bit is 0; infinite from 65520 on. A NaN is quiet and keeps its upper
/// bits.
constexpr std::uint16_t to_half(float x) {
  auto const bits = std::bit_cast<std::uint32_t>(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return std::uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x477ff000) return std::uint16_t(sign | 0x7c00);
  if (magnitude < 0x38800000)  // a multiple of 2^-24, to which adding .5 rounds it
    return std::uint16_t(sign | (std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + .5f) - 0x3f000000));
  return std::uint16_t(sign | (((magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13) - (112 << 10)));
}

}  // namespace COHORT_NAMESPACE
