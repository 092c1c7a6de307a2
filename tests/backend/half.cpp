#include <bit>
#include <cmath>
#include <cohort/backend/half.hpp>
#include <cstdint>
#include <limits>

#include "../catch.hpp"

using namespace cohort;

namespace {

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

}  // namespace

TEST_CASE("half: each of the 65536 is sign, exponent and fraction by the formula of IEEE 754") {
  int wrong = 0;
  for (int h = 0; h < 65536; ++h) {
    float const x = from_half(std::uint16_t(h));
    int const exponent = h >> 10 & 31, fraction = h & 1023;
    double const magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
                             : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                            : std::ldexp(fraction, -24);
    bool const same = std::isnan(magnitude) ? std::isnan(x) : double(x) == (h >> 15 ? -magnitude : magnitude);
    wrong += !same || std::signbit(x) != bool(h >> 15);
  }
  CHECK(wrong == 0);
}

TEST_CASE("half: zeros keep their sign, the largest is 65504, the smallest 2^-24, and a NaN keeps its bits") {
  CHECK(bits(from_half(0x0000)) == 0);
  CHECK(bits(from_half(0x8000)) == 0x80000000);
  CHECK(from_half(0x7bff) == 65504);
  CHECK(from_half(0x0001) == 0x1p-24f);
  CHECK(from_half(0x83ff) == -1023 * 0x1p-24f);
  CHECK(from_half(0x0400) == 0x1p-14f);
  CHECK(from_half(0x7c00) == std::numeric_limits<float>::infinity());
  CHECK(from_half(0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(bits(from_half(0xfe01)) == 0xffc02000);
}

TEST_CASE("half: all of bfloat16 is the upper half of a float, subnormals and NaN included") {
  int wrong = 0;
  for (std::uint32_t h = 0; h < 65536; ++h) wrong += bits(from_bfloat16(std::uint16_t(h))) != h << 16;
  CHECK(wrong == 0);
  CHECK(from_bfloat16(0x3fc0) == 1.5f);
  CHECK(from_bfloat16(0x0001) == 0x1p-133f);
}

TEST_CASE("half: both are constant expressions") {
  static_assert(from_half(0x3c00) == 1 && from_half(0x8001) == -0x1p-24f && from_bfloat16(0xc000) == -2);
  SUCCEED();
}
