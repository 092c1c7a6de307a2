#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/half.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Numbers as the tensors of GGUF files have them: by themselves, or in blocks of small integers with their scales. A
// product of a scale, a block's own scale and an integer has 23 significant bits at most, so that it is exact in float,
// and a sum has the same bits whether or not a compiler fuses it.
//
// Source: https://github.com/ggml-org/ggml, ggml-common.h; the Python package gguf, quants.py.

namespace COHORT_NAMESPACE::block {

using bytes = std::uint8_t const*;

inline std::uint16_t bits_at(bytes b) {
  std::uint16_t x;
  std::memcpy(&x, b, sizeof x);
  return x;
}
inline float half_at(bytes b) { return from_half(bits_at(b)); }
inline void put(std::uint16_t x, std::uint8_t* to) { std::memcpy(to, &x, sizeof x); }

/// Four bits each: 16 low ones, then 16 high ones.
struct q4_0 {
  static constexpr std::size_t elements = 32, size = 18;
  static void decode(bytes b, float* out) {
    float const d = half_at(b);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * float((b[2 + i] & 15) - 8);
      out[i + 16] = d * float((b[2 + i] >> 4) - 8);
    }
  }
};

/// With a smallest number besides.
struct q4_1 {
  static constexpr std::size_t elements = 32, size = 20;
  static void decode(bytes b, float* out) {
    float const d = half_at(b), least = half_at(b + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * float(b[4 + i] & 15) + least;
      out[i + 16] = d * float(b[4 + i] >> 4) + least;
    }
  }
};

/// The fifth bits stand by themselves.
struct q5_0 {
  static constexpr std::size_t elements = 32, size = 22;
  static void decode(bytes b, float* out) {
    float const d = half_at(b);
    std::uint32_t fifth;
    std::memcpy(&fifth, b + 2, sizeof fifth);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * float(int((b[6 + i] & 15) | (fifth >> i & 1) << 4) - 16);
      out[i + 16] = d * float(int((b[6 + i] >> 4) | (fifth >> (i + 16) & 1) << 4) - 16);
    }
  }
};

struct q5_1 {
  static constexpr std::size_t elements = 32, size = 24;
  static void decode(bytes b, float* out) {
    float const d = half_at(b), least = half_at(b + 2);
    std::uint32_t fifth;
    std::memcpy(&fifth, b + 4, sizeof fifth);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * float(int((b[8 + i] & 15) | (fifth >> i & 1) << 4)) + least;
      out[i + 16] = d * float(int((b[8 + i] >> 4) | (fifth >> (i + 16) & 1) << 4)) + least;
    }
  }
};

/// 127 for the largest of a block.
struct q8_0 {
  static constexpr std::size_t elements = 32, size = 34;
  static constexpr double limit = 127 * 65520.;  // from which on its scale is no finite half
  static void decode(bytes b, float* out) {
    float const d = half_at(b);
    for (int i = 0; i < 32; ++i) out[i] = d * float(std::int8_t(b[2 + i]));
  }
  static void encode(float const* x, std::uint8_t* to) {
    float most = 0;
    for (int i = 0; i < 32; ++i) most = std::max(most, std::abs(x[i]));
    float const d = most / 127, inverse = d == 0 ? 0 : 1 / d;
    put(to_half(d), to);
    for (int i = 0; i < 32; ++i) {
      float const q = std::round(x[i] * inverse);
      to[2 + i] = std::uint8_t(std::abs(q) < 128 ? int(q) : 0);  // else the inverse of a subnormal is infinite
    }
  }
};

struct f32 {
  static constexpr std::size_t elements = 1, size = 4;
  static void decode(bytes b, float* out) { std::memcpy(out, b, 4); }
  static void encode(float const* x, std::uint8_t* to) { std::memcpy(to, x, 4); }
};
struct f16 {
  static constexpr std::size_t elements = 1, size = 2;
  static constexpr double limit = 65520;  // from which on it is rounded to infinity
  static void decode(bytes b, float* out) { *out = half_at(b); }
  static void encode(float const* x, std::uint8_t* to) { put(to_half(*x), to); }
};
struct bf16 {
  static constexpr std::size_t elements = 1, size = 2;
  static constexpr double limit = 0x1.ffp127;
  static void decode(bytes b, float* out) {
    std::uint16_t x;
    std::memcpy(&x, b, sizeof x);
    *out = from_bfloat16(x);
  }
  static void encode(float const* x, std::uint8_t* to) { put(to_bfloat16(*x), to); }
};

}  // namespace COHORT_NAMESPACE::block
