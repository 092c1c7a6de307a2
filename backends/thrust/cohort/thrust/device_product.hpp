#pragma once
#include <algorithm>
#include <cohort/backend/view.hpp>
#include <cohort/thrust/queue.hpp>
#include <limits>
#include <optional>
#include <utility>

namespace COHORT_NAMESPACE::thrust::detail {

/// A matrix as BLAS sees it: `leading` elements from one column to the next, or from one row to the next if it is
/// transposed.
template <class T>
struct blas_matrix {
  T* data;
  int leading;
  bool rows_adjacent;  ///< elements of one column lie side by side: BLAS's own order
};

/// None if the view has no unit stride, or repeats elements.
template <class T>
std::optional<blas_matrix<T>> as_blas(view<T> v) {
  auto fits = [](std::ptrdiff_t unit, std::ptrdiff_t extent, std::ptrdiff_t stride, std::ptrdiff_t others) {
    return (unit == 1 || extent == 1) && (others == 1 || stride >= extent) && stride <= std::numeric_limits<int>::max();
  };
  if (std::max(v.rows, v.columns) > std::numeric_limits<int>::max()) return {};
  if (fits(v.column_stride, v.columns, v.row_stride, v.rows))
    return {{v.data, int(std::max(v.row_stride, v.columns)), false}};
  if (fits(v.row_stride, v.rows, v.column_stride, v.columns))
    return {{v.data, int(std::max(v.column_stride, v.rows)), true}};
  return {};
}

template <class T>
std::string product_text(view<T> c, std::ptrdiff_t depth) {
  return std::to_string(c.rows) + " x " + std::to_string(depth) + " by " + std::to_string(depth) + " x " +
         std::to_string(c.columns);
}

/// c = a b or c += a b by cuBLAS; false where it cannot read or write one of them.
template <class T>
bool blas_product(queue& q, view<T> c, view<T const> a, view<T const> b, bool accumulate) {
  if (c.size() == 0 || a.columns == 0) return false;
  auto to = as_blas(c);
  auto left = as_blas(a), right = as_blas(b);
  if (!to || !left || !right) return false;
  // BLAS writes columns side by side; where the rows are, it computes the transposed product.
  if (!to->rows_adjacent) {
    std::swap(left, right);
    left->rows_adjacent = !left->rows_adjacent;
    right->rows_adjacent = !right->rows_adjacent;
    c = c.transposed();
  }
  T one = 1, beta = accumulate ? 1 : 0;
  auto order = [](auto const& m) { return m->rows_adjacent ? CUBLAS_OP_N : CUBLAS_OP_T; };
  int m = int(c.rows), n = int(c.columns), k = int(a.columns);
  on_device here(q.device());
  auto call = [&](auto gemm) {
    return gemm(q.blas(), order(left), order(right), m, n, k, &one, left->data, left->leading, right->data,
                right->leading, &beta, to->data, to->leading);
  };
  if constexpr (sizeof(T) == 4) check(call(cublasSgemm), "cublasSgemm", [&] { return product_text(c, k); });
  else check(call(cublasDgemm), "cublasDgemm", [&] { return product_text(c, k); });
  return true;
}

/// out = the sums of the columns of `in`, its product with `ones` (as many as `in` has rows).
template <class T>
bool blas_column_sum(queue& q, view<T> out, view<T const> in, T const* ones) {
  auto from = as_blas(in);
  if (!from || in.size() == 0 || out.column_stride == 0 || out.column_stride > std::numeric_limits<int>::max())
    return false;
  T one = 1, zero = 0;
  int m = int(from->rows_adjacent ? in.rows : in.columns), n = int(from->rows_adjacent ? in.columns : in.rows);
  on_device here(q.device());
  auto call = [&](auto gemv) {
    return gemv(q.blas(), from->rows_adjacent ? CUBLAS_OP_T : CUBLAS_OP_N, m, n, &one, from->data, from->leading, ones,
                1, &zero, out.data, int(out.column_stride));
  };
  auto asked = [&] { return "a matrix of " + cohort::detail::extents(in); };
  if constexpr (sizeof(T) == 4) check(call(cublasSgemv), "cublasSgemv", asked);
  else check(call(cublasDgemv), "cublasDgemv", asked);
  return true;
}

}  // namespace COHORT_NAMESPACE::thrust::detail
