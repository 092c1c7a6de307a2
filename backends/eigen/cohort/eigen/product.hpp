#pragma once
#include <cohort/backend/view.hpp>
#include <cohort/eigen/packed_operands.hpp>
#include <cohort/eigen/parallel.hpp>

namespace COHORT_NAMESPACE::eigen {

/// What is done to the sums of a product: a formula behind a pointer, so that products are compiled once for all.
template <class T>
struct product_epilogue {
  void const* formula = nullptr;
  void (*apply)(void const* formula, T* first, std::ptrdiff_t stride, std::ptrdiff_t rows,
                std::ptrdiff_t columns) = nullptr;

  template <class F>
  static product_epilogue of(F const& f) {
    return {&f, &to_rows<F>};
  }
  void operator()(T* first, std::ptrdiff_t stride, std::ptrdiff_t rows, std::ptrdiff_t columns) const {
    if (apply) apply(formula, first, stride, rows, columns);
  }

 private:
  template <class F>
  static void to_rows(void const* formula, T* first, std::ptrdiff_t stride, std::ptrdiff_t rows,
                      std::ptrdiff_t columns) {
    constexpr int W = pack<T>::width;
    F const& f = *static_cast<F const*>(formula);
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
      T* p = first + r * stride;
      std::ptrdiff_t i = 0;
      for (; i + W <= columns; i += W) f(pack<T>::load(p + i)).store(p + i);
      if (i == columns) continue;
      T line[W] = {};
      std::copy_n(p + i, columns - i, line);
      f(pack<T>::load(line)).store(line);
      std::copy_n(line, columns - i, p + i);
    }
  }
};

/// What a product starts from and what happens to its sums in the end.
template <class T>
struct product_ends {
  bool accumulate = false;
  T const* bias = nullptr;  ///< one for each column, or none
  product_epilogue<T> epilogue{};
};

/// a b + c, rounded once where the target can. Clang always fuses the plain expression; g++ on some processors (Zen)
/// only in some loops, and the bits of a row would depend on the tile that it falls in.
template <class P, class A>
[[gnu::always_inline]] inline typename P::vector multiply_add(A a, typename P::vector b, typename P::vector c) {
#if !defined(__clang__)
  using packet = typename Eigen::internal::packet_traits<typename P::value_type>::type;
  if constexpr (sizeof(packet) == sizeof(b)) {
    if constexpr (sizeof(A) == sizeof(b)) return Eigen::internal::pmadd(packet(a), packet(b), packet(c));
    else return Eigen::internal::pmadd(Eigen::internal::pset1<packet>(a), packet(b), packet(c));
  }
#endif
  return a * b + c;
}

/// R rows of c = start + a b over `panels` of V vectors each; *_row, *_depth and *_panel are the distances in memory of
/// rows, of steps along k and of panels. Each element is one chain of multiply-adds in the order of k, whatever the
/// tile it falls in: so a row of a batch has the bits it has alone, and threads may cut anywhere.
template <int R, int V, class T>
[[gnu::noinline]] void product_rows(std::ptrdiff_t depth, T const* a, std::ptrdiff_t a_row, std::ptrdiff_t a_depth,
                                    T const* b, std::ptrdiff_t b_depth, std::ptrdiff_t b_panel, T const* start,
                                    std::ptrdiff_t start_row, std::ptrdiff_t start_panel, T* c, std::ptrdiff_t c_row,
                                    std::ptrdiff_t panels) {
  using P = pack<T>;
  constexpr int W = P::width;
  for (std::ptrdiff_t p = 0; p < panels; ++p, b += b_panel, start += start_panel, c += V * W) {
    typename P::vector sum[R][V];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] = P::load(start + r * start_row + v * W).value;
    for (std::ptrdiff_t k = 0; k < depth; ++k) {
      typename P::vector right[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) right[v] = P::load(b + k * b_depth + v * W).value;
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        T left = a[r * a_row + k * a_depth];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sum[r][v] = multiply_add<P>(left, right[v], sum[r][v]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) P(sum[r][v]).store(c + r * c_row + v * W);
  }
}

/// The kernel for up to a tile's rows: all, or 4, 2 and 1 after one another.
template <class T, int V>
void product_of_rows(int rows, std::ptrdiff_t depth, T const* a, std::ptrdiff_t a_row, std::ptrdiff_t a_depth,
                     T const* b, std::ptrdiff_t b_depth, std::ptrdiff_t b_panel, T const* start,
                     std::ptrdiff_t start_row, std::ptrdiff_t start_panel, T* c, std::ptrdiff_t c_row,
                     std::ptrdiff_t panels) {
  while (rows > 0) {
    int n = rows >= tile_rows ? tile_rows : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
    auto kernel = n == tile_rows ? product_rows<tile_rows, V, T>
                  : n == 4       ? product_rows<4, V, T>
                  : n == 2       ? product_rows<2, V, T>
                                 : product_rows<1, V, T>;
    kernel(depth, a, a_row, a_depth, b, b_depth, b_panel, start, start_row, start_panel, c, c_row, panels);
    a += n * a_row;
    start += n * start_row;
    c += n * c_row;
    rows -= n;
  }
}

/// Operations of a product for which a thread more is worth its while: 1,024 rows through a layer of 64 by 64 are one
/// thread's.
inline constexpr std::ptrdiff_t worth_a_thread = 5'000'000;

/// c = epilogue(start + a b) for matrices that fit the caches, as layers of controllers do. c has unit column stride; a
/// any strides; b is read in place where its columns are adjacent and fill whole vectors, and from `packed` (depth x
/// padded columns) elsewhere.
template <class T>
void small_product(executor const& run_over, view<T> c, view<T const> a, view<T const> b, T* packed,
                   product_ends<T> const& ends) {
  constexpr int W = pack<T>::width, wide = panel_columns<T>;
  static constexpr T zeros[wide] = {};
  std::ptrdiff_t depth = a.columns, full = c.columns / wide, rest = c.columns % wide;
  std::ptrdiff_t panels = full + (rest > 0), row_blocks = (c.rows + tile_rows - 1) / tile_rows;
  bool in_place = b.column_stride == 1 && c.columns % W == 0;
  int packed_columns = c.columns <= W ? W : wide;
  for (std::ptrdiff_t p = 0; !in_place && p < panels; ++p)
    if (packed_columns == wide) pack_panel<wide>(b, p * wide, 0, depth, packed + p * depth * wide);
    else pack_panel<W>(b, 0, 0, depth, packed);
  T const* right = in_place ? b.data : packed;
  std::ptrdiff_t right_depth = in_place ? b.row_stride : packed_columns,
                 right_panel = in_place ? wide : depth * packed_columns;

  // Rows of one block by some of the panels: whole ones into c, the last columns, where they do not fill a panel,
  // beside it.
  auto part = [&](std::ptrdiff_t row, int rows, std::ptrdiff_t first, std::ptrdiff_t last) {
    T const* left = a.data + row * a.row_stride;
    T* out = &c(row, first * wide);
    std::ptrdiff_t whole = std::min(last, full) - first;
    T const* start = ends.accumulate ? out : ends.bias ? ends.bias + first * wide : zeros;
    std::ptrdiff_t start_row = ends.accumulate ? c.row_stride : 0,
                   start_panel = ends.accumulate || ends.bias ? wide : 0;
    if (whole > 0)
      product_of_rows<T, 2>(rows, depth, left, a.row_stride, a.column_stride, right + first * right_panel, right_depth,
                            right_panel, start, start_row, start_panel, out, c.row_stride, whole);
    if (last > full) {
      T line[panel_columns<T>] = {}, edge[tile_rows * panel_columns<T>] = {};
      T* beside = &c(row, full * wide);
      if (ends.accumulate)
        for (int r = 0; r < rows; ++r) std::copy_n(beside + r * c.row_stride, rest, edge + r * wide);
      else if (ends.bias) std::copy_n(ends.bias + full * wide, rest, line);
      auto run = rest <= W ? product_of_rows<T, 1> : product_of_rows<T, 2>;
      run(rows, depth, left, a.row_stride, a.column_stride, right + full * right_panel, right_depth, 0,
          ends.accumulate ? edge : line, ends.accumulate ? wide : 0, 0, edge, wide, 1);
      for (int r = 0; r < rows; ++r) std::copy_n(edge + r * wide, rest, beside + r * c.row_stride);
    }
    ends.epilogue(out, c.row_stride, rows, std::min(last * wide, c.columns) - first * wide);
  };
  // Whichever operand is walked again and again should stay in the first cache: b if all of it fits, else one panel of
  // it.
  bool rows_outside = depth * c.columns * std::ptrdiff_t(sizeof(T)) <= 20 * 1024;
  std::ptrdiff_t parts = rows_outside ? row_blocks : row_blocks * panels,
                 columns_of_part = rows_outside ? c.columns : wide;
  std::ptrdiff_t grain = 1 + worth_a_thread / std::max<std::ptrdiff_t>(1, 2 * tile_rows * columns_of_part * depth);
  run_over(parts, grain, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t i = first; i < last; ++i) {
      std::ptrdiff_t row = i % row_blocks * tile_rows, p = i / row_blocks;
      part(row, int(std::min<std::ptrdiff_t>(tile_rows, c.rows - row)), p, rows_outside ? panels : p + 1);
    }
  });
}

/// x[0] + ... + x[W - 1]: the upper half onto the lower, then of that the same.
template <class T, int W, int Half = W / 2>
T sum_by_halves(pack<T, W> x) {
  if constexpr (Half == 0) return x[0];
  else
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return sum_by_halves<T, W, Half / 2>(
          x + typename pack<T, W>::vector(__builtin_shufflevector(x.value, x.value, ((I + Half) % W)...)));
    }(std::make_index_sequence<W>());
}

/// c = epilogue(bias + a b) where b has only a few columns and a's columns are adjacent: dot products, W chains each.
/// The columns of b, one after the other, are in `packed`. Here too a row of a batch has the bits it has alone.
template <class T>
void narrow_product(executor const& run_over, view<T> c, view<T const> a, view<T const> b, T* packed,
                    product_ends<T> const& ends) {
  using P = pack<T>;
  constexpr int W = P::width;
  std::ptrdiff_t depth = a.columns, whole = depth / W * W;
  for (std::ptrdiff_t n = 0; n < b.columns; ++n)
    for (std::ptrdiff_t k = 0; k < depth; ++k) packed[n * depth + k] = b(k, n);
  auto dots = [&]<int R>(std::integral_constant<int, R>, std::ptrdiff_t r, std::ptrdiff_t n) {
    T const *left = a.data + r * a.row_stride, *column = packed + n * depth;
    P even[R], odd[R];
    for (int i = 0; i < R; ++i) even[i] = odd[i] = P(0);
    std::ptrdiff_t k = 0;
    for (; k + 2 * W <= whole; k += 2 * W)
      for (int i = 0; i < R; ++i) {
        even[i] += P::load(left + i * a.row_stride + k) * P::load(column + k);
        odd[i] += P::load(left + i * a.row_stride + k + W) * P::load(column + k + W);
      }
    for (int i = 0; i < R; ++i) {
      if (k < whole) even[i] += P::load(left + i * a.row_stride + k) * P::load(column + k);
      T sum = (ends.accumulate ? c(r + i, n) : ends.bias ? ends.bias[n] : T(0)) + sum_by_halves(even[i] + odd[i]);
      for (std::ptrdiff_t rest = whole; rest < depth; ++rest) sum += left[i * a.row_stride + rest] * column[rest];
      c(r + i, n) = sum;
    }
  };
  run_over(c.rows, 1 + worth_a_thread / (2 * depth * c.columns + 1), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t n = 0; n < c.columns; ++n) {
      std::ptrdiff_t r = first;
      for (; r + 4 <= last; r += 4) dots(std::integral_constant<int, 4>(), r, n);
      for (; r < last; ++r) dots(std::integral_constant<int, 1>(), r, n);
    }
    ends.epilogue(&c(first, 0), c.row_stride, last - first, c.columns);
  });
}

}  // namespace COHORT_NAMESPACE::eigen
