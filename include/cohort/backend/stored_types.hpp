#pragma once
#include <array>
#include <bit>
#include <cohort/backend/half.hpp>
#include <cstddef>
#include <string_view>

namespace COHORT_NAMESPACE {

/// How the numbers of a matrix of weights lie in a file: floats, or ggml's blocks of integers with scales.
enum class stored_type : std::uint8_t {
  float32,
  float16,
  bfloat16,
  q8_0,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k
};
inline constexpr int stored_types_count = 13;

/// `block` numbers of a row lie in `bytes` bytes; the name is ggml's. A row is whole blocks.
struct stored_layout {
  std::string_view name;
  int block, bytes;
};

constexpr stored_layout layout_of(stored_type type) {
  constexpr stored_layout layouts[stored_types_count] = {
      {"F32", 1, 4},      {"F16", 1, 2},      {"BF16", 1, 2},    {"Q8_0", 32, 34},  {"Q4_0", 32, 18},
      {"Q4_1", 32, 20},   {"Q5_0", 32, 22},   {"Q5_1", 32, 24},  {"Q2_K", 256, 84}, {"Q3_K", 256, 110},
      {"Q4_K", 256, 144}, {"Q5_K", 256, 176}, {"Q6_K", 256, 210}};
  return layouts[std::size_t(type)];
}

/// Little-endian, as files are.
constexpr std::uint16_t stored_bits(unsigned char const* bytes) { return std::uint16_t(bytes[0] | bytes[1] << 8); }
constexpr float stored_half(unsigned char const* bytes) { return from_half(stored_bits(bytes)); }

/// The eight scales and minimums, of 6 bits each, of a block of Q4_K or Q5_K, from their 12 bytes.
struct k_scales {
  std::array<unsigned char, 8> scale, minimum;

  constexpr explicit k_scales(unsigned char const* s) : scale{}, minimum{} {
    for (std::size_t j = 0; j < 4; ++j) {
      scale[j] = s[j] & 63, minimum[j] = s[j + 4] & 63;
      scale[j + 4] = static_cast<unsigned char>((s[j + 8] & 15) | (s[j] >> 6 << 4));
      minimum[j + 4] = static_cast<unsigned char>((s[j + 8] >> 4) | (s[j + 4] >> 6 << 4));
    }
  }
};

namespace detail {

// Below d and m are the block's scale and minimum, q the integers. Products of a scale and integers are exact in float
// (but for Q6_K's, where one rounding is left), so that contracting them with a sum changes no bit.

/// Q4_0, Q4_1, Q5_0, Q5_1: 16 bytes of nibbles, the low ones first; `high` has the fifth bits, or none.
constexpr void dequantize_nibbles(unsigned char const* nibbles, std::uint32_t high, float d, int less, float m,
                                  float* out) {
  for (int i = 0; i < 16; ++i) {
    int low = (nibbles[i] & 15) | int(high >> i & 1) << 4, upper = nibbles[i] >> 4 | int(high >> (i + 16) & 1) << 4;
    out[i] = float(low - less) * d + m;
    out[i + 16] = float(upper - less) * d + m;
  }
}

/// Q4_K, Q5_K: 64 numbers in 32 bytes of nibbles, by two scales.
constexpr void dequantize_k_nibbles(unsigned char const* block, unsigned char const* nibbles, unsigned char const* high,
                                    float* out) {
  float const d = stored_half(block), least = stored_half(block + 2);
  k_scales const by(block + 4);
  for (std::size_t j = 0; j < 8; ++j)
    for (int i = 0; i < 32; ++i) {
      int byte = nibbles[int(j / 2) * 32 + i], q = j % 2 ? byte >> 4 : byte & 15;
      if (high) q |= (high[i] >> j & 1) << 4;
      *out++ = d * float(by.scale[j]) * float(q) - least * float(by.minimum[j]);
    }
}

constexpr void dequantize_q2_k(unsigned char const* block, float* out) {
  float const d = stored_half(block + 80), least = stored_half(block + 82);
  for (int i = 0; i < 256; ++i) {
    int scale = block[i / 16], q = block[16 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
    out[i] = d * float(scale & 15) * float(q) - least * float(scale >> 4);
  }
}

constexpr void dequantize_q3_k(unsigned char const* block, float* out) {
  unsigned char const *high = block, *low = block + 32, *scales = block + 96;
  float const d = stored_half(block + 108);
  for (int i = 0; i < 256; ++i) {
    int j = i / 16, four = j < 8 ? scales[j] & 15 : scales[j - 8] >> 4, two = scales[8 + j % 4] >> (j / 4 * 2) & 3;
    int q = (low[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3) - (high[i % 32] >> (i / 32) & 1 ? 0 : 4);
    out[i] = d * float((four | two << 4) - 32) * float(q);
  }
}

constexpr void dequantize_q6_k(unsigned char const* block, float* out) {
  float const d = stored_half(block + 208);
  for (int i = 0; i < 256; ++i) {
    int at = i % 128, byte = block[i / 128 * 64 + at % 64], low = at < 64 ? byte & 15 : byte >> 4;
    int high = block[128 + i / 128 * 32 + at % 32] >> (at / 32 * 2) & 3;
    out[i] = d * float(static_cast<signed char>(block[192 + i / 16])) * float((low | high << 4) - 32);
  }
}

}  // namespace detail

/// The numbers of one block, as `gguf` (the Python package) gives them.
constexpr void dequantize_block(stored_type type, unsigned char const* block, float* out) {
  auto word = [&](int at) {
    return std::uint32_t(stored_bits(block + at)) | std::uint32_t(stored_bits(block + at + 2)) << 16;
  };
  float const d = layout_of(type).bytes > 2 ? stored_half(block) : 0;
  switch (type) {
    case stored_type::float32:
      *out = std::bit_cast<float>(word(0));
      break;
    case stored_type::float16:
      *out = stored_half(block);
      break;
    case stored_type::bfloat16:
      *out = from_bfloat16(stored_bits(block));
      break;
    case stored_type::q8_0:
      for (int i = 0; i < 32; ++i) out[i] = float(static_cast<signed char>(block[2 + i])) * d;
      break;
    case stored_type::q4_0:
      detail::dequantize_nibbles(block + 2, 0, d, 8, -0.f, out);
      break;
    case stored_type::q4_1:
      detail::dequantize_nibbles(block + 4, 0, d, 0, stored_half(block + 2), out);
      break;
    case stored_type::q5_0:
      detail::dequantize_nibbles(block + 6, word(2), d, 16, -0.f, out);
      break;
    case stored_type::q5_1:
      detail::dequantize_nibbles(block + 8, word(4), d, 0, stored_half(block + 2), out);
      break;
    case stored_type::q2_k:
      detail::dequantize_q2_k(block, out);
      break;
    case stored_type::q3_k:
      detail::dequantize_q3_k(block, out);
      break;
    case stored_type::q4_k:
      detail::dequantize_k_nibbles(block, block + 16, nullptr, out);
      break;
    case stored_type::q5_k:
      detail::dequantize_k_nibbles(block, block + 48, block + 16, out);
      break;
    case stored_type::q6_k:
      detail::dequantize_q6_k(block, out);
      break;
  }
}

}  // namespace COHORT_NAMESPACE
