#pragma once
#include <bit>
#include <cohort/eigen/pack.hpp>
#include <cohort/language/sampler/weight_search.hpp>
#include <functional>

// What the loops of a draw (row_loops.hpp) are made of beside pack's own functions.
namespace COHORT_NAMESPACE::eigen {

/// Bit i is set where lane i of a mask is.
template <class Mask>
inline std::uint32_t bits_of(Mask const& mask) {
  [[maybe_unused]] constexpr int bytes = sizeof(Mask), lane = sizeof(mask[0]);
#if defined(__AVX512F__) && defined(__AVX512DQ__)
  if constexpr (bytes == 64 && lane == 4) return std::uint32_t(_mm512_movepi32_mask(std::bit_cast<__m512i>(mask)));
  else if constexpr (bytes == 64) return std::uint32_t(_mm512_movepi64_mask(std::bit_cast<__m512i>(mask)));
  else
#elif defined(__AVX__)
  if constexpr (bytes == 32 && lane == 4) return std::uint32_t(_mm256_movemask_ps(std::bit_cast<__m256>(mask)));
  else if constexpr (bytes == 32) return std::uint32_t(_mm256_movemask_pd(std::bit_cast<__m256d>(mask)));
  else
#endif
  {
    std::uint32_t bits = 0;
    for (int i = 0; i < bytes / lane; ++i) bits |= std::uint32_t(mask[i] != 0) << i;
    return bits;
  }
}

/// The lanes whose bit is set, one after another, to memory with room for all lanes; how many.
template <class Vector, class U>
inline int compress(std::uint32_t bits, Vector const& x, U* to) {
  static_assert(sizeof(x[0]) == sizeof(U));
#if defined(__AVX512F__)
  if constexpr (sizeof(Vector) == 64) {
    __m512i lanes;
    if constexpr (sizeof(U) == 4) lanes = _mm512_maskz_compress_epi32(__mmask16(bits), std::bit_cast<__m512i>(x));
    else lanes = _mm512_maskz_compress_epi64(__mmask8(bits), std::bit_cast<__m512i>(x));
    std::memcpy(to, &lanes, sizeof lanes);
  } else
#endif
    for (auto left = bits; left != 0; left &= left - 1) *to++ = x[std::countr_zero(left)];
  return std::popcount(bits);
}

constexpr float log2_high = .693359375f, log2_low = -2.12194440e-4f;  ///< their sum is log(2), the first one short

/// exp(x) for x <= 0 or NaN, without the edges of the general one and 0 where it would be subnormal. exp(0) is 1, and
/// none is larger.
inline pack<float> exp_of_nonpositive(pack<float> x) {
  using floats = pack<float>::vector;
#if defined(__AVX512F__)
  // 2^(n / 16) from a table, times the first terms of exp(r), whose error is 1e-8 at |r| < log(2) / 32.
  constexpr float to_sixteenths = 12582912.f / 16;  // 1.5 2^23 / 16: a sum with it has its sixteenths in the last bits
  alignas(64) static constexpr float table[] = {
      1.f,         1.04427378f, 1.09050773f, 1.13878863f, 1.18920712f, 1.24185781f, 1.29683955f, 1.35425555f,
      1.41421356f, 1.47682615f, 1.54221083f, 1.61049033f, 1.68179283f, 1.75625216f, 1.83400809f, 1.91520656f};
  floats shifted = rounded<floats>(x.value * 1.44269504f + to_sixteenths), n = shifted - to_sixteenths;
  floats r = rounded<floats>(x.value - n * log2_high);
  r = r - n * log2_low;
  floats p = (r * .166666667f + .5f) * (r * r) + r;
  floats e = _mm512_maskz_permutexvar_ps(__mmask16(-1), std::bit_cast<__m512i>(shifted), _mm512_load_ps(table));
  return pack<float>(floats(_mm512_maskz_scalef_ps(__mmask16(bits_of((x >= -87.33654f).value)), p * e + e, n)));
#else
  using integers = pack<float>::mask::vector;
  constexpr float to_integer = 12582912;  // 1.5 2^23: a sum with it has its integer in the last bits
  floats shifted = rounded<floats>(x.value * 1.44269504f + to_integer), n = shifted - to_integer;
  floats r = rounded<floats>(x.value - n * log2_high);
  r = r - n * log2_low;
  floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;  // Cephes' polynomial
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  integers bits = std::bit_cast<integers>(p) + (std::bit_cast<integers>(shifted) << 23);
  return select(x < -87.33654f, pack<float>(0), pack<float>(std::bit_cast<floats>(bits)));
#endif
}
inline pack<double> exp_of_nonpositive(pack<double> x) { return exp(x); }

/// log(x) of a positive normal number.
inline pack<float> log_of_normal(pack<float> x) {
  using floats = pack<float>::vector;
  using integers = pack<float>::mask::vector;
  integers bits = std::bit_cast<integers>(x.value), exponent = (bits - std::bit_cast<std::int32_t>(.707106781f)) >> 23;
  floats n = __builtin_convertvector(exponent, floats), r = std::bit_cast<floats>(bits - (exponent << 23)) - 1.f;
  floats p = r * 7.0376836292e-2f - 1.1514610310e-1f;  // Cephes' polynomial
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  return pack<float>(floats(n * log2_high + (r + (r * r * (p * r - .5f) + n * log2_low))));
}
inline pack<double> log_of_normal(pack<double> x) { return log(x); }

/// exp(factor x) or up to 1.0616 times that, for x <= 0: the number whose exponent and mantissa lie in a line.
inline pack<float> rough_exp(pack<float> x, float factor) {
  using floats = pack<float>::vector;
  floats line = x.value * (12102203.f * factor) + 1065353216.f;
  line = line > 0 ? line : floats{};
  return pack<float>(std::bit_cast<floats>(__builtin_convertvector(line, pack<float>::mask::vector)));
}
inline pack<double> rough_exp(pack<double> x, double factor) { return exp(x * factor); }

/// Loops over numbers side by side, and what they add up.
struct row_packs {
  template <class T>
  using mask_vector = typename pack<T>::mask::vector;
  template <class T>
  static constexpr int W = pack<T>::width;

  static constexpr int chains = 4;  ///< packs that are computed side by side, since an operation takes four cycles

  /// One number for all lanes, by halves.
  template <class Vector, class F>
  static auto across(Vector const& x, F f) {
    using U = std::remove_cvref_t<decltype(x[0])>;
    constexpr int n = sizeof(Vector) / sizeof(U);
    U lanes[n];
    std::memcpy(lanes, &x, sizeof x);
    for (int half = n / 2; half > 0; half /= 2)
      for (int w = 0; w < half; ++w) lanes[w] = f(lanes[w], lanes[w + half]);
    return lanes[0];
  }
  template <class T>
  struct sums {
    using vector = typename pack<double, W<T>>::vector;
    vector value{};
    pack<T> part[chains];
    template <int K>
    void add(std::integral_constant<int, K>, pack<T> x) {
      if constexpr (K < chains) part[K] = x;
      if constexpr (K == chains - 1) x = (part[0] + part[1]) + (part[2] + part[3]);
      if constexpr (K >= chains - 1) value += __builtin_convertvector(x.value, vector);
    }
    double all() const { return across(value, std::plus<>()); }
  };
  template <class T>
  struct counted_sums {
    sums<T> mass;
    mask_vector<T> count{};
    template <class K>
    void add(K k, pack<T> x, typename pack<T>::mask held) {
      mass.add(k, select(held, x, pack<T>(0)));
      count -= held.value;
    }
    detail::held_weights all() const { return {mass.all(), int(across(count, std::plus<>()))}; }
  };

  template <class T>
  static pack<T> rest(T const* p, int count, T filler) {
    pack<T> x = filler;
    std::memcpy(&x.value, p, sizeof(T) * std::size_t(count));
    return x;
  }
  /// f(first, size) of blocks, in order and while it returns true; the size is a constant but for the last one, so that
  /// the tail's loops and calls are not in those of the others.
  template <int block, class F>
  [[gnu::always_inline]] static inline void blocks(int first, int end, F f) {
    for (; first + block <= end; first += block)
      if (!f(first, std::integral_constant<int, block>())) return;
    if (first < end) f(first, end - first);
  }
  /// f(chain, first, pack), the chain known when compiled, and `chains` where packs are alone; lanes of the last one
  /// that are too many hold the filler.
  template <class T, class F>
  [[gnu::always_inline]] static inline void each(T const* e, int n, F f,
                                                 T filler = std::numeric_limits<T>::quiet_NaN()) {
    auto side_by_side = [&]<int... K>(int v, std::integer_sequence<int, K...>) __attribute__((always_inline)) {
      pack<T> const x[] = {pack<T>::load(e + v + K * W<T>)...};
      (f(std::integral_constant<int, K>{}, v + K * W<T>, x[K]), ...);
    };
    constexpr std::integral_constant<int, chains> alone{};
    int v = 0;
    for (; v + chains * W<T> <= n; v += chains * W<T>) side_by_side(v, std::make_integer_sequence<int, chains>());
    for (; v + W<T> <= n; v += W<T>) f(alone, v, pack<T>::load(e + v));
    if (v < n) f(alone, v, rest(e + v, n - v, filler));
  }
};

}  // namespace COHORT_NAMESPACE::eigen
