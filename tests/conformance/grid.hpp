#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::conformance {

/// Numbers in rows and columns on the host. Its functions are compiled in grid.cpp, once for all backends.
template <class U>
struct grid {
  std::ptrdiff_t rows = 0, columns = 1;
  std::vector<U> values;

  grid() = default;
  grid(std::ptrdiff_t r, std::ptrdiff_t c = 1) : rows(r), columns(c), values(std::size_t(r * c)) {}
  U& operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) { return values[std::size_t(r * columns + c)]; }
  U const& operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) const { return values[std::size_t(r * columns + c)]; }
};

/// Whole numbers from -8 to 8 (or `low` to `high`): sums and products of them are exact in any order.
template <class U>
grid<U> integers(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, int low = -8, int high = 8);

template <class T>
grid<T> reals(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, double low = -1, double high = 1);

/// Bytes that are flags: half of them 0, the others any other byte.
grid<std::uint8_t> flags(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which);

template <class T>
grid<double> product_of(grid<T> const& a, grid<T> const& b);

/// "", or the first place where got is not want to within |want| relative + absolute. A NaN equals a NaN.
template <class U, class V>
std::string difference(grid<U> const& got, grid<V> const& want, double relative = 0, double absolute = 0);

/// Where the elements of a matrix lie in memory, in elements.
struct strides {
  std::ptrdiff_t row, column;
  static constexpr std::ptrdiff_t before = 3, behind = 67;  ///< elements around it
};
/// A matrix among elements that nobody may read or write: NaNs, or a number that stands out.
template <class U>
std::vector<U> laid_out(grid<U> const& g, strides s);
/// The matrix again; `untouched` tells whether all other elements are as laid_out made them.
template <class U>
grid<U> taken_out(std::vector<U> const& all, std::ptrdiff_t rows, std::ptrdiff_t columns, strides s, bool& untouched);
/// As laid_out fills gaps.
template <class U>
grid<U> poisoned(std::ptrdiff_t rows, std::ptrdiff_t columns);

}  // namespace cohort::conformance
