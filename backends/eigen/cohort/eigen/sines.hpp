#pragma once
#include <cohort/compiler.hpp>
#include <cstdint>
#if defined(__FMA__)
#include <immintrin.h>

namespace COHORT_NAMESPACE::eigen {

/// Sine and cosine of W floats, by the numbers of Eigen's kernel but in the open: where a formula asks for both of an
/// angle, the compiler does once what they share, which is nearly all. With AVX-512 for sixteen lanes at once.
///
/// The angle less the nearest multiple of a right angle, which three numbers add up to; of the rest both polynomials
/// (the sine's is odd, the cosine's even); the number of right angles says which of them it is, and with which sign.
template <int W>
struct sines {
  using floats __attribute__((vector_size(4 * W))) = float;
  using integers __attribute__((vector_size(4 * W))) = std::int32_t;

  /// Whether one of the angles is so large that three numbers do not suffice; or infinite.
  [[gnu::always_inline]] static bool beyond(floats x) {
    floats magnitude = floats(integers(x) & 0x7fffffff);
    integers large = magnitude >= 71476.0625f;
    if constexpr (W == 4) return _mm_movemask_ps(__m128(large)) != 0;
    else if constexpr (W == 8) return _mm256_movemask_ps(__m256(large)) != 0;
#if defined(__AVX512F__)
    else return _mm512_test_epi32_mask(__m512i(large), __m512i(large)) != 0;
#endif
  }
  [[gnu::always_inline]] static floats sine(floats x) {
    rest r = reduced(x);
    floats y = (r.quarters & 1) == 0 ? r.sine : r.cosine;
    return with_sign(y, integers(x) ^ (r.quarters << 30));
  }
  [[gnu::always_inline]] static floats cosine(floats x) {
    rest r = reduced(x);
    floats y = (r.quarters & 1) == 0 ? r.cosine : r.sine;
    return with_sign(y, (r.quarters + 1) << 30);
  }

 private:
  struct rest {
    integers quarters;
    floats sine, cosine;
  };
  [[gnu::always_inline]] static floats fused(floats a, floats b, floats c) {
    if constexpr (W == 4) return floats(_mm_fmadd_ps(__m128(a), __m128(b), __m128(c)));
    else if constexpr (W == 8) return floats(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
#if defined(__AVX512F__)
    else return floats(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
#endif
  }
  template <class... C>
  [[gnu::always_inline]] static floats polynomial(floats x, float highest, C... lower) {
    floats sum = highest - floats{};
    ((sum = fused(sum, x, lower - floats{})), ...);
    return sum;
  }
  [[gnu::always_inline]] static floats with_sign(floats y, integers sign) {
    return floats(integers(y) ^ (sign & INT32_MIN));
  }
  [[gnu::always_inline]] static rest reduced(floats angle) {
    constexpr float to_integer = 12582912;  // 1.5 2^23: a sum with it has its integer in the last bits
    floats x = floats(integers(angle) & 0x7fffffff);
    floats shifted = fused(x, .636619746685028076f - floats{}, to_integer - floats{}), n = shifted - to_integer;
    x = fused(n, -1.57079601287841796875f - floats{}, x);
    x = fused(n, -3.1391647326017846e-07f - floats{}, x);
    x = fused(n, -5.3903025299577648e-15f - floats{}, x);
    floats square = x * x;
    floats cosine = polynomial(square, 2.43722661e-05f, -.00138865202f, .0416666195f, -.5f, 1.f);
    floats odd = polynomial(square, -.000195923407f, .00833268736f, -.16666662f) * square;
    return {integers(shifted), fused(odd, x, x), cosine};
  }
};

}  // namespace COHORT_NAMESPACE::eigen

#endif
