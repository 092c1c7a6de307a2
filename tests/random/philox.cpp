#include <cmath>
#include <cohort/random/philox.hpp>
#include "../catch.hpp"

using cohort::open_unit;
using cohort::philox4x32;
using counter = philox4x32::counter;

// Known answers of Random123, tests/kat_vectors.
static_assert(philox4x32::block({0, 0, 0, 0}, {0, 0}) == counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox4x32::block({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
              counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(philox4x32::block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
static_assert(philox4x32::block({0, 0, 0, 0}, {0, 0}, 7) == counter{0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48});

TEST_CASE("philox4x32: Random123's known answers come out at run time too") {
  std::uint32_t volatile zero = 0;
  std::uint32_t z = zero, f = ~z;
  CHECK(philox4x32::block({z, z, z, z}, {z, z}) == counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32::block({f, f, f, f}, {f, f}) == counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32::block({0x243f6a88 + z, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE(
    "philox4x32: the 10000th word of C++26's std::philox4x32 with its default seed is the standard's 1955073260") {
  CHECK(philox4x32::block({9999 / 4, 0, 0, 0}, {20111115, 0})[9999 % 4] == 1955073260u);
}

TEST_CASE("philox4x32: flipping one bit of the counter or the key flips about half of the block's bits") {
  auto distance = [](counter const& a, counter const& b) {
    int bits = 0;
    for (int i = 0; i < 4; ++i)
      for (std::uint32_t x = a[i] ^ b[i]; x; x &= x - 1) ++bits;
    return bits;
  };
  counter here{3, 1, 4, 1}, block = philox4x32::block(here, {5, 9});
  for (int bit = 0; bit < 192; ++bit) {
    counter moved = here;
    philox4x32::key key{5, 9};
    (bit < 128 ? moved[bit / 32] : key[bit / 32 - 4]) ^= 1u << bit % 32;
    int flipped = distance(block, philox4x32::block(moved, key));
    CHECK((flipped > 36 && flipped < 92));  // 64 +- 5 standard deviations of 5.7
  }
}

TEST_CASE("open_unit: the extreme words give numbers inside (0, 1) with finite logarithms") {
  for (std::uint32_t word : {0u, 1u, 0x1ffu, 0x200u, 0x7fffffffu, 0x80000000u, 0xfffffe00u, 0xfffffeffu, ~1u, ~0u}) {
    CAPTURE(word);
    float u = open_unit(word);
    CHECK((u > 0 && u < 1 && std::isfinite(std::log(u)) && std::isfinite(std::log1p(-u)) &&
           std::isfinite(std::log(1 - u))));
    for (std::uint32_t low : {0u, 0xfffu, 0x1000u, ~0u}) {
      double v = open_unit(word, low);
      CHECK((v > 0 && v < 1 && std::isfinite(std::log(v)) && std::isfinite(std::log1p(-v)) &&
             std::isfinite(std::log(1 - v))));
    }
  }
  static_assert(open_unit(0u) == 0x1p-24f && open_unit(~0u) == 1 - 0x1p-24f && open_unit(0u, 0u) == 0x1p-53 &&
                open_unit(~0u, ~0u) == 1 - 0x1p-53);
}

TEST_CASE("open_unit: it is symmetric about 1/2, exactly, and never falls as the word rises") {
  float last = 0;
  for (std::uint64_t word = 0; word <= ~0u; word += 9973) {
    float u = open_unit(std::uint32_t(word));
    if (u < last || u + open_unit(~std::uint32_t(word)) != 1) FAIL("at word " << word);
    last = u;
  }
  double before = 0;
  for (std::uint64_t word = 0; word < ~0ull - (1ull << 44); word += (1ull << 44) - 12345) {
    double u = open_unit(std::uint32_t(word >> 32), std::uint32_t(word));
    if (u <= before || u + open_unit(~std::uint32_t(word >> 32), ~std::uint32_t(word)) != 1) FAIL("at word " << word);
    before = u;
  }
  CHECK((last > .999f && before > .999));
}
