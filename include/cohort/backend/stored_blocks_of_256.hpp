#pragma once
#include <cohort/backend/stored_blocks.hpp>

// The types whose blocks have 256 numbers in parts, of which each has a scale of its own. Source: as of blocks.hpp.

namespace COHORT_NAMESPACE::block {

/// 16 parts of 16 numbers, each part with a scale and a smallest number of 4 bits.
struct q2_k {
  static constexpr std::size_t elements = 256, size = 84;
  static void decode(bytes b, float* out) {
    bytes const scales = b, q = b + 16;
    float const d = half_at(b + 80), least = half_at(b + 82);
    for (int part = 0; part < 16; ++part, out += 16) {
      float const scale = d * float(scales[part] & 15), from = least * float(scales[part] >> 4);
      bytes const at = q + part / 8 * 32 + part % 2 * 16;
      int const shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i) out[i] = scale * float(at[i] >> shift & 3) - from;
    }
  }
};

/// 16 parts, each with a scale of 6 bits, of which two stand apart, as the numbers' third bits do.
struct q3_k {
  static constexpr std::size_t elements = 256, size = 110;
  static void decode(bytes b, float* out) {
    bytes const third = b, q = b + 32, scales = b + 96;
    float const d = half_at(b + 108);
    for (int part = 0; part < 16; ++part, out += 16) {
      int const low = scales[part % 8] >> part / 8 * 4 & 15, high = scales[8 + part % 4] >> part / 4 * 2 & 3;
      float const scale = d * float((low | high << 4) - 32);
      int const from = part % 2 * 16, shift = part % 8 / 2 * 2;
      bytes const at = q + part / 8 * 32 + from;
      for (int i = 0; i < 16; ++i)
        out[i] = scale * float((at[i] >> shift & 3) - (third[from + i] >> part / 2 & 1 ? 0 : 4));
    }
  }
};

/// The scale and the smallest number of each of 8 parts, of 6 bits each, in 12 bytes.
struct scale_and_least {
  int scale, least;
  scale_and_least(bytes s, int part)
      : scale(part < 4 ? s[part] & 63 : (s[part + 4] & 15) | (s[part - 4] >> 2 & 48)),
        least(part < 4 ? s[part + 4] & 63 : s[part + 4] >> 4 | (s[part] >> 2 & 48)) {}
};

struct q4_k {
  static constexpr std::size_t elements = 256, size = 144;
  static void decode(bytes b, float* out) {
    float const d = half_at(b), least = half_at(b + 2);
    for (int part = 0; part < 8; ++part, out += 32) {
      scale_and_least const of(b + 4, part);
      float const scale = d * float(of.scale), from = least * float(of.least);
      bytes const at = b + 16 + part / 2 * 32;
      int const shift = part % 2 * 4;
      for (int i = 0; i < 32; ++i) out[i] = scale * float(at[i] >> shift & 15) - from;
    }
  }
};

struct q5_k {
  static constexpr std::size_t elements = 256, size = 176;
  static void decode(bytes b, float* out) {
    float const d = half_at(b), least = half_at(b + 2);
    bytes const fifth = b + 16;
    for (int part = 0; part < 8; ++part, out += 32) {
      scale_and_least const of(b + 4, part);
      float const scale = d * float(of.scale), from = least * float(of.least);
      bytes const at = b + 48 + part / 2 * 32;
      int const shift = part % 2 * 4;
      for (int i = 0; i < 32; ++i) out[i] = scale * float((at[i] >> shift & 15) | (fifth[i] >> part & 1) << 4) - from;
    }
  }
};

struct q6_k {
  static constexpr std::size_t elements = 256, size = 210;
  static void decode(bytes b, float* out) {
    bytes const high = b + 128, scales = b + 192;
    float const d = half_at(b + 208);
    for (int part = 0; part < 16; ++part, out += 16) {
      float const scale = d * float(std::int8_t(scales[part]));
      bytes const low_at = b + part / 8 * 64 + part % 4 * 16, high_at = high + part / 8 * 32 + part % 2 * 16;
      int const low_shift = part % 8 / 4 * 4, high_shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; ++i)
        out[i] = scale * float(((low_at[i] >> low_shift & 15) | (high_at[i] >> high_shift & 3) << 4) - 32);
    }
  }
};

}  // namespace COHORT_NAMESPACE::block
