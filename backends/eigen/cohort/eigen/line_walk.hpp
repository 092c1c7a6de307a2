#pragma once
#include <algorithm>
#include <cohort/backend/view.hpp>

namespace COHORT_NAMESPACE::eigen {

/// How a loop goes over elements of some matrices of the same extents: as one line, where all of them let it, cut into
/// items of `width` elements; else row by row.
struct line_walk {
  static constexpr std::ptrdiff_t grain_of_elements = 1 << 16;  ///< below, a second thread costs more than it brings
  using shapes = std::initializer_list<detail::matrix_shape>;

  std::ptrdiff_t items, grain;

  line_walk(shapes out, shapes in, std::ptrdiff_t width) : width_(width) {
    auto const& shape = out.size() > 0 ? *out.begin() : *in.begin();
    rows_ = shape.rows, columns_ = shape.columns;
    for (auto all : {out, in})
      for (auto const& v : all) one_line_ = one_line_ && v.flat();
    items = one_line_ ? (rows_ * columns_ + width - 1) / width : rows_;
    grain = std::max<std::ptrdiff_t>(1, one_line_ ? grain_of_elements / width : grain_of_elements / (columns_ + 1) + 1);
  }

  /// n elements from column `from` on, of each row from `row` to before `end`.
  struct stretch {
    std::ptrdiff_t row, end, from, n;
  };
  /// Items first ... last - 1.
  stretch piece(std::ptrdiff_t first, std::ptrdiff_t last) const {
    if (!one_line_) return {first, last, 0, columns_};
    return {0, 1, first * width_, std::min(last * width_, rows_ * columns_) - first * width_};
  }
  template <class T>
  std::ptrdiff_t step(view<T> v) const {
    return columns_ == 1 ? v.row_stride : v.column_stride;
  }
  template <class T>
  T* at(view<T> v, std::ptrdiff_t row, std::ptrdiff_t from) const {
    return v.data + row * v.row_stride + from * step(v);
  }

 private:
  std::ptrdiff_t width_, rows_, columns_;
  bool one_line_ = true;
};

}  // namespace COHORT_NAMESPACE::eigen
