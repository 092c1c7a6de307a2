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

TEST_CASE("half: each half is made of its own number, and of every float that is nearer to it than to another") {
  int wrong = 0;
  for (std::uint32_t h = 0; h < 0x7c00; ++h) {
    float const x = from_half(std::uint16_t(h));
    // The neighbor of the largest would be 65536, at which infinity begins.
    double const next = h == 0x7bff ? 65536 : double(from_half(std::uint16_t(h + 1)));
    float const middle = float((double(x) + next) / 2);  // exact
    for (std::uint32_t sign : {0u, 0x8000u}) {
      auto of = [&](float y) { return to_half(sign ? -y : y); };
      wrong += of(x) != (sign | h);
      wrong += of(std::nextafter(middle, 0.f)) != (sign | h);
      wrong += of(middle) != (sign | (h + h % 2));
      wrong += of(std::nextafter(middle, INFINITY)) != (sign | (h + 1));
    }
  }
  CHECK(wrong == 0);
  CHECK(to_half(INFINITY) == 0x7c00);
  CHECK(to_half(-3e38f) == 0xfc00);
  CHECK(to_half(std::bit_cast<float>(0xff800001)) == 0xfe00);
  CHECK(to_half(std::bit_cast<float>(0x7fffe000)) == 0x7fff);
}

TEST_CASE("half: a bfloat16 is the nearest, of two the even one") {
  int wrong = 0;
  for (std::uint32_t h = 0; h < 0x7f80; ++h)
    for (std::uint32_t sign : {0u, 0x8000u}) {
      std::uint32_t const high = sign | h;
      auto of = [&](std::uint32_t low) { return to_bfloat16(std::bit_cast<float>(high << 16 | low)); };
      wrong += of(0) != high || of(0x7fff) != high || of(0x8000) != high + h % 2 || of(0x8001) != high + 1;
    }
  CHECK(wrong == 0);
  CHECK(to_bfloat16(-INFINITY) == 0xff80);
  CHECK(to_bfloat16(std::bit_cast<float>(0x7f800001)) == 0x7fc0);
}

TEST_CASE("half: all are constant expressions") {
  static_assert(to_half(1) == 0x3c00 && to_half(-0x1p-24f) == 0x8001 && to_bfloat16(-2) == 0xc000);
  static_assert(from_half(0x3c00) == 1 && from_half(0x8001) == -0x1p-24f && from_bfloat16(0xc000) == -2);
  SUCCEED();
}
