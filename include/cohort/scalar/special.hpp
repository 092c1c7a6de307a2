#pragma once
#include <cmath>
#include <cohort/compiler.hpp>
#include <limits>

// Templates, though each is for one type or two: a function may be constexpr, and so be called on a device, although
// the C library's functions in it are not, if it is a template.

namespace COHORT_NAMESPACE::detail {

/// The n-th derivative of digamma at x > 0 (n = 0 is digamma itself), NaN elsewhere; relative error near 1e-14.
/// Recurrence up to x >= 16, then the asymptotic series (Abramowitz and Stegun 6.3.18 and 6.4.11).
template <class T>
constexpr T polygamma(int n, T argument) {
  double x = double(argument);
  if (!(x > 0)) return std::numeric_limits<T>::quiet_NaN();
  if (std::isinf(x)) return n == 0 ? argument : T(0);
  constexpr double bernoulli[] = {1. / 6, -1. / 30, 1. / 42, -1. / 30, 5. / 66, -691. / 2730, 7. / 6, -3617. / 510};
  double sum = 0, factorial = 1;
  for (int k = 2; k <= n; ++k) factorial *= k;
  for (; x < 16 + n; x += 1) sum += n == 0 ? -1 / x : factorial * std::pow(x, -(n + 1));
  if (n == 0) {
    double power = 1 / (x * x), term = power;
    sum += std::log(x) - .5 / x;
    for (int k = 1; k <= 8; ++k, term *= power) sum -= bernoulli[k - 1] / (2 * k) * term;
    return T(sum);
  }
  sum += factorial / n * std::pow(x, -n) + factorial / 2 * std::pow(x, -(n + 1));
  double rising = factorial * (n + 1) / 2;  // (2k + n - 1)! / (2k)!
  for (int k = 1; k <= 8; ++k) {
    sum += bernoulli[k - 1] * rising * std::pow(x, -(2 * k + n));
    rising *= double(2 * k + n) * (2 * k + n + 1) / (double(2 * k + 1) * (2 * k + 2));
  }
  return T(n % 2 ? sum : -sum);
}

/// std::lgamma writes the global signgam, which two threads may not do at once.
template <class T>
constexpr T log_gamma(T x) {
#if defined(__GLIBC__) && !defined(__CUDA_ARCH__)
  int sign;
  return T(::lgamma_r(double(x), &sign));
#else
  return std::lgamma(x);
#endif
}

template <class T>
constexpr T modulo(T x, T y) {
  T rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

/// x ** 2 as numpy gives it for a lone number: the C library's pow, which for one double in a thousand is a last digit
/// away from x x. The exponent is volatile since a compiler that sees it multiplies instead.
template <class T>
constexpr T numpy_square(T x) {
  T volatile two = 2;
  return std::pow(x, T(two));
}

}  // namespace COHORT_NAMESPACE::detail
