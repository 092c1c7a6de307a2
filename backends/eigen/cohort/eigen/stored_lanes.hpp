#pragma once
#include <array>
#include <bit>
#include <cohort/backend/stored_blocks.hpp>
#include <cohort/eigen/product.hpp>

// How stored weights become vectors of floats, in the order in which they lie in a row.
namespace COHORT_NAMESPACE::eigen {

namespace lanes {

inline constexpr int W = pack<float>::width;
using floats = pack<float>::vector;
using ints = pack<float>::mask::vector;
using bytes = block::bytes;

inline floats load(float const* p) { return pack<float>::load(p).value; }
inline floats splat(float x) { return pack<float>(x).value; }
inline floats fused(floats a, floats b, floats c) { return multiply_add<pack<float>>(a, b, c); }
inline floats as_floats(ints x) { return __builtin_convertvector(x, floats); }

// g++ 12 takes the conversions from 8 bits apart, and warns of those of its own intrinsics that have no mask.
template <class U>
inline ints widened(bytes p) {
  U narrow __attribute__((vector_size(sizeof(U) * W)));
  std::memcpy(&narrow, p, sizeof narrow);
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<U, std::uint8_t>)
    return ints(_mm512_maskz_cvtepu8_epi32(__mmask16(-1), std::bit_cast<__m128i>(narrow)));
  else if constexpr (std::is_same_v<U, std::int8_t>)
    return ints(_mm512_maskz_cvtepi8_epi32(__mmask16(-1), std::bit_cast<__m128i>(narrow)));
  else return ints(_mm512_maskz_cvtepu16_epi32(__mmask16(-1), std::bit_cast<__m256i>(narrow)));
#elif defined(__AVX2__)
  if constexpr (std::is_same_v<U, std::uint8_t>)
    return ints(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(std::bit_cast<long long>(narrow))));
  else if constexpr (std::is_same_v<U, std::int8_t>)
    return ints(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(std::bit_cast<long long>(narrow))));
  else return ints(_mm256_cvtepu16_epi32(std::bit_cast<__m128i>(narrow)));
#else
  return __builtin_convertvector(narrow, ints);
#endif
}

inline floats from_halves(bytes p) {
#if defined(__AVX512F__)
  __m256i narrow;
  std::memcpy(&narrow, p, sizeof narrow);
  return floats(_mm512_maskz_cvtph_ps(__mmask16(-1), narrow));
#elif defined(__AVX2__) && defined(__F16C__)
  __m128i narrow;
  std::memcpy(&narrow, p, sizeof narrow);
  return floats(_mm256_cvtph_ps(narrow));
#else
  // The exponent is moved by a product, which makes normal numbers of subnormal ones.
  ints const x = widened<std::uint16_t>(p), sign = (x & 0x8000) << 16, rest = (x & 0x7fff) << 13;
  ints const finite = std::bit_cast<ints>(std::bit_cast<floats>(rest) * 0x1p112f);
  return std::bit_cast<floats>(sign | ((x & 0x7c00) == 0x7c00 ? rest | 0x7f800000 : finite));
#endif
}

/// One half for all lanes.
inline floats half_for_all(bytes p) {
#if defined(__AVX512F__)
  return floats(_mm512_maskz_cvtph_ps(__mmask16(-1), _mm256_set1_epi16(short(block::bits_at(p)))));
#elif defined(__AVX2__) && defined(__F16C__)
  return floats(_mm256_cvtph_ps(_mm_set1_epi16(short(block::bits_at(p)))));
#else
  return splat(block::half_at(p));
#endif
}

inline constexpr auto count_up = [] {
  std::array<float, 32> x{};
  for (int i = 0; i < 16; ++i) x[std::size_t(i)] = float(i), x[std::size_t(i + 16)] = float(i - 8);
  return x;
}();

/// d q + m for integers of 4 bits in ever 16 bytes: low nibbles, then high ones. The product is exact, so that the sum
/// is rounded once either way.
struct nibbles {
#if defined(__AVX512F__)
  floats table;
  explicit nibbles(floats d) : table(load(count_up.data() + 16) * d) {}
  nibbles(floats d, floats m) : table(fused(load(count_up.data()), d, m)) {}
  floats operator()(ints q) const {
    return floats(_mm512_maskz_permutexvar_ps(__mmask16(-1), std::bit_cast<__m512i>(q), std::bit_cast<__m512>(table)));
  }
#else
  floats d, m;
  explicit nibbles(floats scale) : d(scale), m(scale * -8.f) {}
  nibbles(floats scale, floats least) : d(scale), m(least) {}
  floats operator()(ints q) const { return fused(as_floats(q & 15), d, m); }
#endif
};

}  // namespace lanes

/// Where a reader stands: at so many numbers in so many bytes.
template <int Elements, int Size, int Chunks = 1>
struct stored_place {
  static constexpr int elements = Elements, size = Size, chunks = Chunks, chunk_elements = Elements / Chunks;
  lanes::bytes at;
  stored_place() = default;
  explicit stored_place(lanes::bytes b) : at(b) {}
};

/// Reads a block, or as many numbers as a vector has: chunk(c, f) calls f(i, vector) for each of its vectors.
template <class Block>
struct stored_lanes;

template <>
struct stored_lanes<block::f32> : stored_place<lanes::W, 4 * lanes::W> {
  using stored_place::stored_place;
  template <class F>
  [[gnu::always_inline]] void chunk(int, F f) const {
    lanes::floats x;
    std::memcpy(&x, at, sizeof x);
    f(0, x);
  }
};

template <>
struct stored_lanes<block::f16> : stored_place<lanes::W, 2 * lanes::W> {
  using stored_place::stored_place;
  template <class F>
  [[gnu::always_inline]] void chunk(int, F f) const {
    f(0, lanes::from_halves(at));
  }
};

template <>
struct stored_lanes<block::bf16> : stored_place<lanes::W, 2 * lanes::W> {
  using stored_place::stored_place;
  template <class F>
  [[gnu::always_inline]] void chunk(int, F f) const {
    f(0, std::bit_cast<lanes::floats>(lanes::widened<std::uint16_t>(at) << 16));
  }
};

template <>
struct stored_lanes<block::q8_0> : stored_place<32, 34> {
  using stored_place::stored_place;
  template <class F>
  [[gnu::always_inline]] void chunk(int, F f) const {
    auto const d = lanes::half_for_all(at);
#pragma GCC unroll 8
    for (int i = 0; i < 32 / lanes::W; ++i)
      f(i, lanes::as_floats(lanes::widened<std::int8_t>(at + 2 + i * lanes::W)) * d);
  }
};

/// Q4_0 and Q4_1, which has its smallest number besides.
template <class Block>
struct stored_nibbles : stored_place<32, Block::size> {
  using place = stored_place<32, Block::size>;
  using place::at, place::place;
  template <class F>
  [[gnu::always_inline]] void chunk(int, F f) const {
    constexpr int W = lanes::W, first = Block::size - 16;
    auto const d = lanes::half_for_all(at);
    auto const by = first == 2 ? lanes::nibbles(d) : lanes::nibbles(d, lanes::half_for_all(at + 2));
#pragma GCC unroll 8
    for (int i = 0; i < 16 / W; ++i) f(i, by(lanes::widened<std::uint8_t>(at + first + i * W)));
#pragma GCC unroll 8
    for (int i = 0; i < 16 / W; ++i) f(i + 16 / W, by(lanes::widened<std::uint8_t>(at + first + i * W) >> 4));
  }
};
template <>
struct stored_lanes<block::q4_0> : stored_nibbles<block::q4_0> {
  using stored_nibbles::stored_nibbles;
};
template <>
struct stored_lanes<block::q4_1> : stored_nibbles<block::q4_1> {
  using stored_nibbles::stored_nibbles;
};

}  // namespace COHORT_NAMESPACE::eigen
