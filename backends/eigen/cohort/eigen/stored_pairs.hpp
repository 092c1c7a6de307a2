#pragma once
#include <cohort/eigen/stored_dots.hpp>

namespace COHORT_NAMESPACE::eigen {

/// Whether the target multiplies pairs of bfloat16 numbers at once (AVX-512 BF16).
#if defined(__AVX512BF16__) && defined(__AVX512F__) && defined(__AVX512BW__)
inline constexpr bool has_pairs = true;
#else
inline constexpr bool has_pairs = false;
#endif

#if defined(__AVX512BF16__) && defined(__AVX512F__) && defined(__AVX512BW__)

namespace lanes {

using pairs = __m512bh;
inline constexpr int P = 32;  ///< numbers in a vector of pairs

inline pairs load_pairs(void const* p) {
  pairs x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline pairs load_pairs(void const* p, std::ptrdiff_t count) {
  return std::bit_cast<pairs>(_mm512_maskz_loadu_epi16(__mmask32((std::uint64_t(1) << count) - 1), p));
}

}  // namespace lanes

/// As stored_strip, with weights and inputs in bfloat16: a lane has the chain of pairs 2 lane, 2 lane + 1 of ever 32
/// numbers, a product of each with both sums rounded; subnormal numbers count as 0.
template <int N, int R>
[[gnu::noinline]] void stored_pairs(stored_rows weights, void const* const* inputs, std::ptrdiff_t depth, float* sums) {
  constexpr int W = lanes::W, at_once = std::min(W, R * N);
  unsigned char const* x[R];
  for (int r = 0; r < R; ++r) x[r] = static_cast<unsigned char const*>(inputs[r]);
  std::ptrdiff_t const whole = depth / lanes::P * lanes::P;
  for (int first = 0; first < weights.count; first += N) {
    __m512 sum[R * N] = {};
    lanes::bytes w[N];
    for (int n = 0; n < N; ++n) w[n] = weights[first + n];
    auto add = [&](std::ptrdiff_t at, auto... count) __attribute__((always_inline)) {
      lanes::pairs right[N];
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) right[n] = lanes::load_pairs(w[n] + at, count...);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        auto const left = lanes::load_pairs(x[r] + at, count...);
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) sum[r * N + n] = _mm512_dpbf16_ps(sum[r * N + n], right[n], left);
      }
    };
    std::ptrdiff_t const ahead = std::max<std::ptrdiff_t>(N * weights.row_bytes, 12 << 10);
    for (std::ptrdiff_t at = 0; at < 2 * whole; at += 64) {
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) __builtin_prefetch(w[n] + at + ahead);
      add(at);
    }
    if (whole < depth) add(2 * whole, depth - whole);
    lanes::floats all[R * N];
    std::memcpy(all, sum, sizeof all);
    float numbers[R * N];
#pragma GCC unroll 8
    for (int i = 0; i < R * N; i += at_once) {
      lanes::add_lanes<at_once>(all + i);
      std::memcpy(numbers + i, all + i, at_once * sizeof(float));
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) std::copy_n(numbers + r * N, N, sums + r * stored_strip_rows + first);
  }
}
#endif

}  // namespace COHORT_NAMESPACE::eigen
