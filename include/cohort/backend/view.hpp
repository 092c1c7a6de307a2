#pragma once
#include <cohort/compiler.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

namespace COHORT_NAMESPACE {

/// Rows and columns in a backend's memory: a pointer, two extents and two strides (in elements). A stride of 0
/// broadcasts. A vector of n elements is n rows and one column.
template <class T>
struct view {
  T* data = nullptr;
  std::ptrdiff_t rows = 0, columns = 1;
  std::ptrdiff_t row_stride = 1, column_stride = 1;

  constexpr view() = default;
  constexpr view(T* first, std::ptrdiff_t n) : data(first), rows(n) {}
  constexpr view(T* first, std::ptrdiff_t R, std::ptrdiff_t C) : view(first, R, C, C, 1) {}
  constexpr view(T* first, std::ptrdiff_t R, std::ptrdiff_t C, std::ptrdiff_t to_next_row,
                 std::ptrdiff_t to_next_column)
      : data(first), rows(R), columns(C), row_stride(to_next_row), column_stride(to_next_column) {}
  template <class U>
    requires(std::is_same_v<U const, T> && !std::is_same_v<U, T>)
  constexpr view(view<U> v) : view(v.data, v.rows, v.columns, v.row_stride, v.column_stride) {}

  constexpr T& operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) const {
    return data[r * row_stride + c * column_stride];
  }
  constexpr T& operator[](std::ptrdiff_t i) const { return data[i * row_stride]; }
  constexpr std::ptrdiff_t size() const { return rows * columns; }
  constexpr explicit operator bool() const { return data != nullptr; }

  constexpr view transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  constexpr view part(std::ptrdiff_t first, std::ptrdiff_t count) const {
    return {data + first * row_stride, count, columns, row_stride, column_stride};
  }
  constexpr view columns_part(std::ptrdiff_t first, std::ptrdiff_t count) const {
    return {data + first * column_stride, rows, count, row_stride, column_stride};
  }
  constexpr view column(std::ptrdiff_t c) const { return {data + c * column_stride, rows, 1, row_stride, 1}; }
  /// All elements one after the other in memory, row by row.
  constexpr bool contiguous() const {
    return columns == 1 ? row_stride == 1 : column_stride == 1 && row_stride == columns;
  }
  /// The same elements with other extents; needs a contiguous view.
  constexpr view reshaped(std::ptrdiff_t r, std::ptrdiff_t c = 1) const { return {data, r, c}; }
};

/// One element, read as if there were rows x columns of it.
template <class T>
constexpr view<T> broadcast(view<T> one, std::ptrdiff_t rows, std::ptrdiff_t columns = 1) {
  return {one.data, rows, columns, 0, 0};
}
/// One row as each of `rows`, one column as each of `columns`.
template <class T>
constexpr view<T> repeat_row(view<T> row, std::ptrdiff_t rows) {
  return {row.data, rows, row.columns, 0, row.column_stride};
}
template <class T>
constexpr view<T> repeat_column(view<T> column, std::ptrdiff_t columns) {
  return {column.data, column.rows, columns, column.row_stride, 0};
}

namespace detail {

/// A view without its elements, so that what asks only for that is compiled once.
struct matrix_shape {
  std::ptrdiff_t rows, columns, row_stride, column_stride;

  template <class T>
  constexpr matrix_shape(view<T> v)
      : rows(v.rows), columns(v.columns), row_stride(v.row_stride), column_stride(v.column_stride) {}
  constexpr matrix_shape(std::ptrdiff_t r, std::ptrdiff_t c) : rows(r), columns(c), row_stride(c), column_stride(1) {}

  /// Elements that lie one after the other, or one that stands for all.
  constexpr bool flat() const {
    return columns == 1 || (column_stride == 1 && row_stride == columns) || (row_stride == 0 && column_stride == 0);
  }
};

[[gnu::cold]] inline std::string extents(matrix_shape v) {
  return std::to_string(v.rows) + " x " + std::to_string(v.columns);
}

[[noreturn, gnu::cold]] inline void throw_extents(char const* where, char const* what, matrix_shape given,
                                                  matrix_shape expected) {
  throw shape_error(std::string(where) + ": " + what + " is " + extents(given) + ", expected " + extents(expected));
}
inline void require_same_extents(char const* where, char const* what, matrix_shape given, matrix_shape expected) {
  if (given.rows != expected.rows || given.columns != expected.columns) throw_extents(where, what, given, expected);
}
inline void require_same_extents(char const* where, char const* what, std::initializer_list<matrix_shape> given,
                                 matrix_shape expected) {
  for (auto const& one : given) require_same_extents(where, what, one, expected);
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
