#pragma once
#if defined(__CUDACC__)
#error "cohort: the Eigen backend cannot be included in a CUDA source, where Eigen does not vectorize: use a .cpp"
#endif
// Eigen's kernels need their operations in order, whatever -fassociative-math allows in the rest of a program.
#if defined(__clang__)
#pragma float_control(push)
#pragma clang fp reassociate(off)
#elif defined(__ASSOCIATIVE_MATH__)
#pragma GCC push_options
#pragma GCC optimize("no-associative-math")
#endif
#include <Eigen/Core>
#if defined(__clang__)
#pragma float_control(pop)
#elif defined(__ASSOCIATIVE_MATH__)
#pragma GCC pop_options
#endif
#include <algorithm>
#include <cohort/eigen/sines.hpp>
#include <cohort/scalar/real.hpp>
#include <cstdint>
#include <cstring>

namespace COHORT_NAMESPACE::eigen {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

/// A sum or difference as it was rounded: where a formula is about the rounding, -fassociative-math would cancel it.
template <class V>
inline V rounded(V x) {
#if defined(__clang__)
  return __arithmetic_fence(x);
#elif defined(__ASSOCIATIVE_MATH__)
  return __builtin_assoc_barrier(x);
#else
  return x;
#endif
}

template <class T>
using mask_integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// W comparisons at once: all bits set where true.
template <class T, int W>
struct pack_mask : detail::never_a_bool {
  using vector __attribute__((vector_size(sizeof(T) * W))) = mask_integer<T>;
  vector value;

  pack_mask() = default;
  pack_mask(vector v) : value(v) {}
  explicit pack_mask(bool all) : value(vector{} - mask_integer<T>(all)) {}
  bool operator[](int i) const { return value[i] != 0; }

  friend pack_mask operator&(pack_mask a, pack_mask b) { return vector(a.value & b.value); }
  friend pack_mask operator|(pack_mask a, pack_mask b) { return vector(a.value | b.value); }
  friend pack_mask operator!(pack_mask a) { return vector(~a.value); }
};

#if defined(__AVX512F__) && defined(__AVX512DQ__)
/// The root by an estimate of 1 / sqrt(x), good to 14 bits, and one step of Newton's: within .81 ulps. The exact
/// instruction would queue for the divider, with the division that mostly follows.
inline __m512 square_root(__m512 x) {
  __m512 const half = _mm512_set1_ps(.5f);
  __m512 estimate = _mm512_rsqrt14_ps(x), root = rounded(_mm512_mul_ps(x, estimate));
  __m512 rest = _mm512_fnmadd_ps(root, _mm512_mul_ps(half, estimate), half);
  constexpr int zeros_and_infinity = 0x02 | 0x04 | 0x08;  // whose estimates are infinite or 0
  return _mm512_mask_mov_ps(_mm512_fmadd_ps(root, rest, root), _mm512_fpclass_ps_mask(x, zeros_and_infinity), x);
}
#endif

/// W floats or doubles in a compiler vector. Functions and edges as `real` documents them, with these differences:
///
/// In float exp, log, sin and cos are within 2.4 ulps of the true value, expm1, log1p, sigmoid and softplus within 3.2,
/// sqrt within 5 (AVX-512: .81), tanh within 6.5 (4.7 with fused multiply-add); in double exp, log, tanh, sigmoid and
/// softplus within 2.4. The others are those of the C library, one by one. Numbers below the smallest normal count as 0
/// (not in sqrt with AVX-512), in log as the smallest normal, and exp never gives one. In float modulo is rounded once,
/// so that it may return y itself or a rounding less than 0.
template <class T, int W = vector_bytes / int(sizeof(T))>
struct pack {
  using value_type = T;
  using constant = pack;
  using mask = pack_mask<T, W>;
  using vector __attribute__((vector_size(sizeof(T) * W))) = T;
  static constexpr int width = W;

  vector value;

  pack() = default;
  pack(vector v) : value(v) {}
  template <plain_number U>
  constexpr pack(U x) : value(static_cast<T>(x) - vector{}) {}  // 0 + x would lose the sign of -0

  T operator[](int i) const { return value[i]; }
  void set(int i, T x) { value[i] = x; }
  static pack load(T const* p) {
    pack result;
    std::memcpy(&result.value, p, sizeof(vector));
    return result;
  }
  void store(T* p) const { std::memcpy(p, &value, sizeof(vector)); }

  friend pack operator+(pack a, pack b) { return vector(a.value + b.value); }
  friend pack operator-(pack a, pack b) { return vector(a.value - b.value); }
  friend pack operator*(pack a, pack b) { return vector(a.value * b.value); }
  friend pack operator/(pack a, pack b) { return vector(a.value / b.value); }
  friend pack operator-(pack a) { return vector(-a.value); }
  pack& operator+=(pack b) { return *this = *this + b; }
  pack& operator-=(pack b) { return *this = *this - b; }
  pack& operator*=(pack b) { return *this = *this * b; }
  pack& operator/=(pack b) { return *this = *this / b; }

  friend mask operator<(pack a, pack b) { return typename mask::vector(a.value < b.value); }
  friend mask operator>(pack a, pack b) { return typename mask::vector(a.value > b.value); }
  friend mask operator<=(pack a, pack b) { return typename mask::vector(a.value <= b.value); }
  friend mask operator>=(pack a, pack b) { return typename mask::vector(a.value >= b.value); }
  friend mask operator==(pack a, pack b) { return typename mask::vector(a.value == b.value); }
  friend mask operator!=(pack a, pack b) { return typename mask::vector(a.value != b.value); }

  friend pack select(mask m, pack a, pack b) { return vector(m.value ? a.value : b.value); }
  friend pack min(pack a, pack b) { return select((b < a) | (b != b), b, a); }
  friend pack max(pack a, pack b) { return select((b > a) | (b != b), b, a); }
  friend pack clamp(pack x, pack lo, pack hi) {
    return select((x < lo) | (lo != lo), lo, select((x > hi) | (hi != hi), hi, x));
  }
  friend pack abs(pack x) {
    return by_array(x, [](auto a) { return a.abs(); });
  }
  friend pack floor(pack x) {
    return by_array(x, [](auto a) { return a.floor(); });
  }
  // Eigen's kernel multiplies by a reciprocal root, which is 0 at infinity.
  friend pack sqrt(pack x) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    if constexpr (sizeof(T) == 4 && W == 16) return vector(square_root(__m512(x.value)));
    else
#endif
      return select(x == std::numeric_limits<T>::infinity(), x, by_array(x, [](auto a) { return a.sqrt(); }));
  }

  // Eigen's kernel saturates: below the smallest normal it must be 0, above the largest number infinity, and a NaN stay
  // one.
  friend pack exp(pack x) {
    constexpr T low = sizeof(T) == 4 ? T(-87.33654) : T(-708.39641853226408),
                high = sizeof(T) == 4 ? T(88.72283) : T(709.78271289338397);
    pack e = by_array(x, [](auto a) { return a.exp(); });
    e = select(x < low, pack(0), e);
    return select(x > high, pack(std::numeric_limits<T>::infinity()), select(x != x, x, e));
  }
  friend pack log(pack x) {
    return by_array(x, [](auto a) { return a.log(); });
  }
  // Below a half the Taylor polynomial, since exp(x) - 1 would lose digits; degree 8 leaves an error of a fifth of an
  // ulp of a float.
  friend pack expm1(pack x) {
    if constexpr (sizeof(T) == 4) {
      pack p = x * T(1. / 40320) + T(1. / 5040);
      p = p * x + T(1. / 720);
      p = p * x + T(1. / 120);
      p = p * x + T(1. / 24);
      p = p * x + T(1. / 6);
      p = p * x + T(.5);
      return select(abs(x) < T(.5), p * x * x + x, exp(x) - T(1));
    } else {
      return one_by_one(x, [](T v) { return std::expm1(v); });
    }
  }
  // Kahan's: the rounding of 1 + x is undone by the quotient; exact to a few ulps.
  friend pack log1p(pack x) {
    if constexpr (sizeof(T) == 4) {
      pack u = rounded<vector>(T(1) + x.value);
      return select((u == T(1)) | (u > std::numeric_limits<T>::max()), x,
                    log(u) * rounded<vector>((x / (u - T(1))).value));
    } else {
      return one_by_one(x, [](T v) { return std::log1p(v); });
    }
  }
  friend pack tanh(pack x) {
    constexpr int lanes =
        std::min<int>(W, vector_bytes / int(sizeof(T)));  // its kernel for AVX-512 is the narrower ones'
    pack t = by_array<lanes>(x, [](auto a) { return a.tanh(); });
    return select(x != x, x, t);
  }
  [[gnu::always_inline]] friend pack sin(pack x) { return circular<true>(x); }
  [[gnu::always_inline]] friend pack cos(pack x) { return circular<false>(x); }
  friend pack sigmoid(pack x) { return T(1) / (T(1) + exp(-x)); }
  friend pack softplus(pack x) { return max(x, pack(0)) + log1p(exp(-abs(x))); }
  friend pack lgamma(pack x) {
    return one_by_one(x, [](T v) { return T(detail::log_gamma(v)); });
  }
  friend pack digamma(pack x) { return polygamma(0, x); }
  friend pack polygamma(int order, pack x) {
    return one_by_one(x, [order](T v) { return T(detail::polygamma(order, v)); });
  }
  friend pack modulo(pack x, double y) {
    if constexpr (sizeof(T) == 4) return x - floor(x / T(y)) * T(y);
    else return one_by_one(x, [y](T v) { return detail::modulo(v, T(y)); });
  }
  // Not one by one: g++ 12 then drops both conversions.
  friend pack round_to_float(pack x) {
    using floats __attribute__((vector_size(sizeof(float) * W))) = float;
    if constexpr (sizeof(T) == 4) return x;
    else return __builtin_convertvector(__builtin_convertvector(x.value, floats), vector);
  }
  friend pack numpy_square(pack x) {
    if constexpr (sizeof(T) == 4) return x * x;
    else return one_by_one(x, [](T v) { return detail::numpy_square(v); });
  }
  friend pack numpy_square_in_float(pack x) {
    if constexpr (sizeof(T) == 4) return x * x;
    else return one_by_one(x, [](T v) { return T(detail::numpy_square(float(v))); });
  }
  friend pack stop_gradient(pack x) { return x; }

 private:
  // At most 32 bytes at a time: Eigen 3.4's kernels for AVX-512 are others, and less exact (exp is infinite from 88.4
  // on, sqrt is an estimate).
  template <int lanes = std::min(W, 32 / int(sizeof(T))), class F>
  static pack by_array(pack x, F f) {
    using part __attribute__((vector_size(sizeof(T) * lanes))) = T;
    auto one = [&](part p) {
      Eigen::Array<T, lanes, 1> in, out;
      std::memcpy(in.data(), &p, sizeof p);
      out = f(in);
      std::memcpy(&p, out.data(), sizeof p);
      return p;
    };
    if constexpr (lanes == W) {
      return one(x.value);
    } else {
#if defined(__AVX512F__)
      if constexpr (sizeof(vector) == 64) {  // not by way of memory, where g++ would wait for the stores of both halves
        __m512d all = __m512d(x.value);
        part low = one(part(_mm512_castpd512_pd256(all))), high = one(part(_mm512_extractf64x4_pd(all, 1)));
        return vector(_mm512_insertf64x4(_mm512_castpd256_pd512(__m256d(low)), __m256d(high), 1));
      }
#endif
      pack result;
      for (int i = 0; i < W; i += lanes) {
        part at;
        std::memcpy(&at, reinterpret_cast<char const*>(&x.value) + i * sizeof(T), sizeof at);
        at = one(at);
        std::memcpy(reinterpret_cast<char*>(&result.value) + i * sizeof(T), &at, sizeof at);
      }
      return result;
    }
  }
  template <class F>
  static pack one_by_one(pack x, F f) {
    pack result;
    for (int i = 0; i < W; ++i) result.value[i] = f(x.value[i]);
    return result;
  }
  static constexpr bool has_sines = sizeof(T) == 4 && (W == 4 || W == 8 || (W == 16 && vector_bytes == 64));
  template <bool Sine>
  [[gnu::always_inline]] static pack circular(pack x) {
    auto kernel = [](auto a) {
      if constexpr (Sine) return a.sin();
      else return a.cos();
    };
    auto one = [](T v) { return Sine ? std::sin(v) : std::cos(v); };
#if defined(__FMA__)
    if constexpr (has_sines) {  // computed without a condition, so that what sin and cos share is there for both
      vector y;
      if constexpr (Sine) y = sines<W>::sine(x.value);
      else y = sines<W>::cosine(x.value);
      return sines<W>::beyond(x.value) ? trigonometric(x, kernel, one) : pack(y);
    }
#endif
    return trigonometric(x, kernel, one);
  }
  template <class Kernel, class F>
  [[gnu::noinline]] static pack trigonometric(pack x, Kernel kernel, F f) {
    if constexpr (sizeof(T) == 4) return by_array(x, kernel);
    else return one_by_one(x, f);
  }
};

}  // namespace COHORT_NAMESPACE::eigen
