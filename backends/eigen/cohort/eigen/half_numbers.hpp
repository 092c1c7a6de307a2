#pragma once
#include <cohort/backend/half_matrix.hpp>
#include <cohort/eigen/stored_lanes.hpp>

namespace COHORT_NAMESPACE::eigen {

/// A number of 16 bits in memory, float16 or bfloat16: read and written as a part of whole vectors.
template <class Block>
struct half_number {
  unsigned char bytes[2];
};

/// f(a number of that type); raises value_error for a type that is none of them.
template <class F>
void with_halves(stored_type type, F f) {
  if (type == stored_type::f16) return f(half_number<block::f16>{});
  if (type == stored_type::bf16) return f(half_number<block::bf16>{});
  throw value_error("numbers in 16 bits of type " + std::string(facts_of(type).name) + ", expected F16 or BF16");
}
template <class K>
view<K> rows_of_halves(half_matrix const& m) {
  return {reinterpret_cast<K*>(m.bytes), m.rows, m.columns};
}

/// A vector's numbers, in whichever type they lie.
template <class T>
inline pack<T> load_widened(T const* p) {
  return pack<T>::load(p);
}
template <class Block>
inline pack<float> load_widened(half_number<Block> const* p) {
  lanes::floats all;
  stored_lanes<Block>(p->bytes).chunk(0, [&](int, lanes::floats x) { all = x; });
  return all;
}

template <class Block>
void widen(half_number<Block> const* from, std::ptrdiff_t count, float* to) {
  std::ptrdiff_t k = 0;
  for (; k + lanes::W <= count; k += lanes::W) load_widened(from + k).store(to + k);
  for (; k < count; ++k) Block::decode(from[k].bytes, to + k);
}

namespace lanes {

using halves __attribute__((vector_size(2 * W))) = std::uint16_t;

/// Rounded to the nearest, of two to the even one, as to_half and to_bfloat16 do it.
template <class Block>
inline halves narrowed(floats x) {
  if constexpr (std::is_same_v<Block, block::bf16>) {
    ints const bits = std::bit_cast<ints>(x), odd = bits >> 16 & 1, upper = bits >> 16 & 0xffff,
               nearest = (bits + 0x7fff + odd) >> 16 & 0xffff;
    return __builtin_convertvector(x == x ? nearest : upper | 0x40, halves);
  } else {
#if defined(__AVX512F__)
    return std::bit_cast<halves>(_mm512_maskz_cvtps_ph(__mmask16(-1), __m512(x), _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__) && defined(__F16C__)
    return std::bit_cast<halves>(_mm256_cvtps_ph(__m256(x), _MM_FROUND_TO_NEAREST_INT));
#else
    halves y;
    for (int i = 0; i < W; ++i) y[i] = to_half(x[i]);
    return y;
#endif
  }
}

}  // namespace lanes

template <class Block>
void narrow(float const* from, std::ptrdiff_t count, half_number<Block>* to) {
  std::ptrdiff_t k = 0;
  for (; k + lanes::W <= count; k += lanes::W) {
    auto const y = lanes::narrowed<Block>(lanes::load(from + k));
    std::memcpy(to[k].bytes, &y, sizeof y);
  }
  for (; k < count; ++k) Block::encode(from + k, to[k].bytes);
}

}  // namespace COHORT_NAMESPACE::eigen
