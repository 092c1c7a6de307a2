#pragma once
#include <bit>
#include <cohort/eigen/pack.hpp>
#include <cohort/scalar/dual.hpp>
#include <stdexcept>
#include <tuple>
#include "../catch.hpp"

using cohort::dual;
using cohort::logical;
using cohort::real;
using cohort::eigen::pack;
using cohort::eigen::pack_mask;

using scalars =
    std::tuple<real<float>, real<double>, dual<real<float>, 1>, dual<real<double>, 3>, dual<dual<real<double>, 2>, 1>,
               pack<float>, pack<double>, dual<pack<float>, 2>, dual<pack<double>, 1>>;

/// The number in a scalar that was made from plain numbers: every lane must hold it.
template <class T>
double number(real<T> x) {
  return x.value;
}
template <class T, int W>
double number(pack<T, W> x) {
  using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  for (int lane = 1; lane < W; ++lane)
    if (std::bit_cast<bits>(x[lane]) != std::bit_cast<bits>(x[0]) && (x[lane] == x[lane] || x[0] == x[0]))
      throw std::logic_error("the lanes of a pack differ");
  return x[0];
}
template <class V, int N>
double number(dual<V, N> const& x) {
  return number(x.value);
}

template <class T>
bool holds(logical<T> m) {
  return m.value;
}
template <class T, int W>
bool holds(pack_mask<T, W> m) {
  for (int lane = 1; lane < W; ++lane)
    if (m[lane] != m[0]) throw std::logic_error("the lanes of a mask differ");
  return m[0];
}

/// One derivative as five points in double give it; h^4 of truncation and eps / h of rounding are both near 1e-12 of
/// f's size at h = 1e-3.
template <class F>
double five_point(F f, double x, double h = 1e-3) {
  auto at = [&](double y) { return f(real<double>(y)).value; };
  return (at(x - 2 * h) - 8 * at(x - h) + 8 * at(x + h) - at(x + 2 * h)) / (12 * h);
}
