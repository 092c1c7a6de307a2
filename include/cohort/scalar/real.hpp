#pragma once
#include <cmath>
#include <cohort/compiler.hpp>
#include <cohort/scalar/special.hpp>
#include <concepts>
#include <limits>
#include <type_traits>

namespace COHORT_NAMESPACE {

template <class T>
concept plain_number = std::is_arithmetic_v<T>;

namespace detail {

/// The base of all masks, so that a condition in a formula is one error, whichever scalars the formula is evaluated in.
struct never_a_bool {
  template <class Never = void>
  constexpr explicit operator bool() const {
    static_assert(!std::is_void_v<Never>,
                  "a comparison of scalars is a mask, not a bool: write select(condition, a, b) in a formula");
    return false;
  }
};

}  // namespace detail

/// What comparing scalars gives. It is for `select`; it is never a bool, since a pack of scalars has no single answer.
template <class T>
struct logical : detail::never_a_bool {
  bool value = false;

  constexpr logical() = default;
  constexpr logical(bool b) : value(b) {}

  friend constexpr logical operator&(logical a, logical b) { return a.value && b.value; }
  friend constexpr logical operator|(logical a, logical b) { return a.value || b.value; }
  friend constexpr logical operator!(logical a) { return !a.value; }
};

/// A float or double in a class of ours: the plain scalar, and the reference that every other scalar is tested against.
///
/// A formula finds its functions by ADL and mixes scalars with plain numbers freely. At the edges, for every scalar of
/// the library: a NaN argument gives NaN (min, max and clamp never hide one); exp(-inf) = 0, exp(+inf) = inf, log(0) =
/// -inf, log of a negative is NaN; min and max return their first argument at a tie; clamp(x, lo, hi) returns x on the
/// closed interval; modulo has the sign of its divisor. digamma and polygamma are for positive arguments and NaN
/// elsewhere.
template <std::floating_point T>
struct real {
  using value_type = T;
  using constant = real;  ///< the scalar without tangents
  using mask = logical<T>;
  static constexpr int width = 1;

  T value{};

  constexpr real() = default;
  template <plain_number U>
  constexpr real(U x) : value(static_cast<T>(x)) {}

  friend constexpr real operator+(real a, real b) { return a.value + b.value; }
  friend constexpr real operator-(real a, real b) { return a.value - b.value; }
  friend constexpr real operator*(real a, real b) { return a.value * b.value; }
  friend constexpr real operator/(real a, real b) { return a.value / b.value; }
  friend constexpr real operator-(real a) { return -a.value; }
  constexpr real& operator+=(real b) { return *this = *this + b; }
  constexpr real& operator-=(real b) { return *this = *this - b; }
  constexpr real& operator*=(real b) { return *this = *this * b; }
  constexpr real& operator/=(real b) { return *this = *this / b; }

  friend constexpr mask operator<(real a, real b) { return a.value < b.value; }
  friend constexpr mask operator>(real a, real b) { return a.value > b.value; }
  friend constexpr mask operator<=(real a, real b) { return a.value <= b.value; }
  friend constexpr mask operator>=(real a, real b) { return a.value >= b.value; }
  friend constexpr mask operator==(real a, real b) { return a.value == b.value; }
  friend constexpr mask operator!=(real a, real b) { return a.value != b.value; }

  friend constexpr real select(mask m, real a, real b) { return m.value ? a : b; }
  friend constexpr real min(real a, real b) { return b.value < a.value || b.value != b.value ? b : a; }
  friend constexpr real max(real a, real b) { return b.value > a.value || b.value != b.value ? b : a; }
  friend constexpr real clamp(real x, real lo, real hi) {
    return select((x < lo) | (lo != lo), lo, select((x > hi) | (hi != hi), hi, x));
  }
  friend constexpr real abs(real x) { return std::abs(x.value); }
  friend constexpr real floor(real x) { return std::floor(x.value); }
  friend constexpr real sqrt(real x) { return std::sqrt(x.value); }
  friend constexpr real exp(real x) { return std::exp(x.value); }
  friend constexpr real log(real x) { return std::log(x.value); }
  friend constexpr real expm1(real x) { return std::expm1(x.value); }
  friend constexpr real log1p(real x) { return std::log1p(x.value); }
  friend constexpr real tanh(real x) { return std::tanh(x.value); }
  friend constexpr real sin(real x) { return std::sin(x.value); }
  friend constexpr real cos(real x) { return std::cos(x.value); }
  friend constexpr real sigmoid(real x) { return T(1) / (T(1) + std::exp(-x.value)); }
  friend constexpr real softplus(real x) { return max(x, real(0)).value + std::log1p(std::exp(-std::abs(x.value))); }
  friend constexpr real lgamma(real x) { return detail::log_gamma(x.value); }
  friend constexpr real digamma(real x) { return detail::polygamma(0, x.value); }
  friend constexpr real polygamma(int order, real x) { return detail::polygamma(order, x.value); }
  /// x - y floor(x / y), exactly, as Python's % gives it.
  friend constexpr real modulo(real x, double y) { return detail::modulo(x.value, static_cast<T>(y)); }
  /// The nearest float: where a simulator of others passes a value through single precision.
  friend constexpr real round_to_float(real x) { return static_cast<float>(x.value); }
  /// x^2; in double with the last digit that numpy gives x ** 2, for a float64 and for a float32. In float simply x x.
  friend constexpr real numpy_square(real x) {
    if constexpr (sizeof(T) == 4) return x * x;
    else return detail::numpy_square(x.value);
  }
  friend constexpr real numpy_square_in_float(real x) {
    if constexpr (sizeof(T) == 4) return x * x;
    else return detail::numpy_square(static_cast<float>(x.value));
  }
  friend constexpr real stop_gradient(real x) { return x; }
};

template <class S>
using constant_t = typename S::constant;

template <class S>
using mask_t = typename S::mask;

/// What a formula with N results returns.
template <class S, int N>
struct several {
  S values[N];
  constexpr S const& operator[](int i) const { return values[i]; }
  constexpr S& operator[](int i) { return values[i]; }
};

}  // namespace COHORT_NAMESPACE
