#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <limits>
#include <span>

// Statistics of numbers whose squares leave the type: the numbers are taken in another unit, a power of two, so that
// the others keep their bits.

namespace COHORT_NAMESPACE::detail {

/// Squares of numbers beyond it may leave the type T; in the unit small_unit neither these nor their sums do.
template <class T>
inline constexpr double large_number = sizeof(T) == 4 ? 0x1p40 : 0x1p400;
template <class T>
inline constexpr double small_unit = sizeof(T) == 4 ? 0x1p-100 : 0x1p-900;

/// 1 for a number whose square may leave the type; 0 for others, and for one that is infinite or none.
struct is_large {
  double limit, most;
  template <class S>
  constexpr S operator()(S x) const {
    return select((abs(x) > limit) & (abs(x) <= most), S(1), S(0));
  }
  template <class S, class M>
  constexpr S operator()(S x, M valid) const {
    return select(valid, (*this)(x), S(0));
  }
};
template <class T>
constexpr is_large large_in() {
  return {large_number<T>, double(std::numeric_limits<T>::max())};
}

/// small_unit where one of the G numbers x(g) of a row is large, else 1.
template <class S, class X>
constexpr S unit_of_row(int G, X x) {
  using T = typename S::value_type;
  S large = 0;
  for (int g = 0; g < G; ++g) large = max(large, large_in<T>()(S(x(g))));
  return select(large > 0, S(small_unit<T>), S(1));
}

/// 1, or small_unit where some of the (valid) numbers are large.
template <backend B>
double unit_of(B& backend, in_view<B> x, view<std::uint8_t const> valid = {}) {
  using T = value_t<B>;
  auto large = backend.template temporary<T>(1);
  if (valid) backend.reduce(large.all(), large_in<T>(), x, valid);
  else backend.reduce(large.all(), large_in<T>(), x);
  T found[1];
  backend.download(std::span<T>(found), view<T const>(large.all()));
  return found[0] > 0 ? small_unit<T> : 1;
}

/// measure(unit), which writes squares of x in that unit, the last of them to squares: in the unit 1, and where that is
/// not finite for numbers that are large, once more in small_unit. Returns the unit of what stands there then.
template <backend B, class F>
double measured_in_unit(B& backend, in_view<B> x, view<std::uint8_t const> valid, in_view<B> squares, F measure) {
  measure(1.);
  value_t<B> found[1];
  backend.download(std::span<value_t<B>>(found), squares.part(squares.rows - 1, 1));
  if (std::isfinite(found[0])) return 1;
  double unit = unit_of(backend, x, valid);
  if (unit != 1) measure(unit);
  return unit;
}

}  // namespace COHORT_NAMESPACE::detail
