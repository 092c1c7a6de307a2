#pragma once
#include <cohort/backend/stored_blocks_of_256.hpp>
#include <cohort/eigen/stored_lanes.hpp>

namespace COHORT_NAMESPACE::eigen {

/// Blocks of 256 numbers whose scales are unpacked first.
template <>
struct stored_lanes<block::q4_k> : stored_place<256, 144, 4> {
  float scale[16];  ///< eight, and eight smallest numbers, negative

  stored_lanes() = default;
  explicit stored_lanes(lanes::bytes b) : stored_place(b) {
    std::uint32_t s[3];
    std::memcpy(s, at + 4, sizeof s);
    // Four of 6 bits at a time; the upper two of the last ones are where the first ones leave room.
    std::uint32_t six
        __attribute__((vector_size(16))) = {s[0] & 0x3f3f3f3f, (s[2] & 0x0f0f0f0f) | (s[0] >> 2 & 0x30303030),
                                            s[1] & 0x3f3f3f3f, (s[2] >> 4 & 0x0f0f0f0f) | (s[1] >> 2 & 0x30303030)};
    auto const d = lanes::half_for_all(at), least = -lanes::half_for_all(at + 2);
    lanes::ints const upper = lanes::load(lanes::count_up.data()) >= 8.f;
    for (int i = 0; i < 16; i += lanes::W) {
      auto const q = lanes::as_floats(lanes::widened<std::uint8_t>(reinterpret_cast<lanes::bytes>(&six) + i));
      auto const by = lanes::W == 16 ? (upper ? least : d) : i < 8 ? d : least;
      pack<float>(q * by).store(scale + i);
    }
  }
  template <class F>
  [[gnu::always_inline]] void chunk(int c, F f) const {
    constexpr int W = lanes::W;
    lanes::bytes const q = at + 16 + 32 * c;
    lanes::nibbles const low(lanes::splat(scale[2 * c]), lanes::splat(scale[2 * c + 8])),
        high(lanes::splat(scale[2 * c + 1]), lanes::splat(scale[2 * c + 9]));
#pragma GCC unroll 8
    for (int i = 0; i < 32 / W; ++i) f(i, low(lanes::widened<std::uint8_t>(q + i * W)));
#pragma GCC unroll 8
    for (int i = 0; i < 32 / W; ++i) f(i + 32 / W, high(lanes::widened<std::uint8_t>(q + i * W) >> 4));
  }
};

template <>
struct stored_lanes<block::q6_k> : stored_place<256, 210, 8> {
  float scale[16];

  stored_lanes() = default;
  explicit stored_lanes(lanes::bytes b) : stored_place(b) {
    auto const d = lanes::half_for_all(at + 208);
    for (int i = 0; i < 16; i += lanes::W)
      pack<float>(lanes::as_floats(lanes::widened<std::int8_t>(at + 192 + i)) * d).store(scale + i);
  }
  template <class F>
  [[gnu::always_inline]] void chunk(int c, F f) const {
    constexpr int W = lanes::W;
    int const low_shift = c % 4 / 2 * 4, high_shift = c % 4 * 2;
    std::uint16_t low __attribute__((vector_size(32))), high __attribute__((vector_size(32)));
    std::memcpy(&low, at + c / 4 * 64 + c % 2 * 32, sizeof low);
    std::memcpy(&high, at + 128 + c / 4 * 32, sizeof high);
    // All 32 as bytes, which no shift carries into their neighbors.
    low = (low >> low_shift & 0x0f0f) | (high >> high_shift & 0x0303) << 4;
    signed char q __attribute__((vector_size(32)));
    std::memcpy(&q, &low, sizeof q);
    q -= 32;
#pragma GCC unroll 8
    for (int i = 0; i < 32 / W; ++i)
      f(i, lanes::as_floats(lanes::widened<std::int8_t>(reinterpret_cast<lanes::bytes>(&q) + i * W)) *
               lanes::splat(scale[2 * c + i * W / 16]));
  }
};

}  // namespace COHORT_NAMESPACE::eigen
