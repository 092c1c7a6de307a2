#pragma once
#include "../support/archetype.hpp"
#include "support.hpp"

namespace cohort::conformance {

// Components are compared with themselves on the archetype in double, given the same numbers.

template <class To, class From>
grid<To> as(grid<From> const& from) {
  grid<To> to(from.rows, from.columns);
  for (std::size_t i = 0; i < from.values.size(); ++i) to.values[i] = To(from.values[i]);
  return to;
}

/// Reals that a float holds, so that backends of either type get the same.
template <class T>
grid<T> inputs(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, double low = -1, double high = 1) {
  return as<T>(reals<float>(rows, columns, which, low, high));
}

/// "", or where got is farther from want than a component may be.
template <class B>
std::string mismatch(grid<double> const& got, grid<double> const& want, tolerances const& tolerance) {
  double largest = 1;
  for (double x : want.values)
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  return difference(got, want, 0, tolerance.component * epsilon<value_t<B>> * largest);
}

}  // namespace cohort::conformance
