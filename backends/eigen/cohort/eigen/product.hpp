#pragma once
#include <cohort/backend/view.hpp>
#include <cohort/eigen/pack.hpp>
#include <cohort/eigen/parallel.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// What a product starts from and what happens to its sums in the end.
template <class T, class Epilogue>
struct product_ends {
  bool accumulate = false;
  T const* bias = nullptr;  ///< one for each column, or none
  Epilogue epilogue{};
};

struct identity {
  template <class S>
  constexpr S operator()(S x) const {
    return x;
  }
};

inline constexpr int tile_rows = 6;
template <class T>
inline constexpr int tile_columns = 2 * pack<T>::width;

/// R rows by V vectors of c = start + a b, over all k; the rows of `start` are start_row apart. Each element is one chain of multiply-adds in the
/// order of k, whatever the tile it falls in: so a row of a batch has the bits it has alone, and threads may cut anywhere.
template <int R, int V, class T>
[[gnu::noinline]] void product_tile(std::ptrdiff_t depth, T const* a, std::ptrdiff_t a_row, std::ptrdiff_t a_depth, T const* b, std::ptrdiff_t b_depth,
                                    T const* start, std::ptrdiff_t start_row, T* c, std::ptrdiff_t c_row) {
  using P = pack<T>;
  constexpr int W = P::width;
  typename P::vector sum[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[r][v] = P::load(start + r * start_row + v * W).value;
  for (std::ptrdiff_t k = 0; k < depth; ++k) {
    typename P::vector right[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) right[v] = P::load(b + k * b_depth + v * W).value;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      T left = a[r * a_row + k * a_depth];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[r][v] += left * right[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) P(sum[r][v]).store(c + r * c_row + v * W);
}

/// The tile of the size at hand: `rows` of 1, 2, 4 or 6, one or two vectors wide.
template <class T, class... A>
void product_tile_of(int rows, bool one_vector, A... arguments) {
  using kernel = void (*)(A...);
  static constexpr kernel kernels[2][7] = {
      {nullptr, product_tile<1, 2, T>, product_tile<2, 2, T>, nullptr, product_tile<4, 2, T>, nullptr, product_tile<6, 2, T>},
      {nullptr, product_tile<1, 1, T>, product_tile<2, 1, T>, nullptr, product_tile<4, 1, T>, nullptr, product_tile<6, 1, T>}};
  kernels[one_vector][rows](arguments...);
}

/// c = epilogue(start + a b) for matrices that fit the caches, as layers of controllers do. c has unit column stride; a any strides; b is read in
/// place where its columns are adjacent and fill whole vectors, and from `packed` (depth x padded columns) elsewhere.
template <class T, class Epilogue>
void small_product(int threads, view<T> c, view<T const> a, view<T const> b, T* packed, product_ends<T, Epilogue> const& ends) {
  constexpr int W = pack<T>::width, tile = tile_rows;
  int panel = c.columns <= W ? W : 2 * W;
  static constexpr T zeros[2 * W] = {};
  std::ptrdiff_t depth = a.columns, panels = (c.columns + panel - 1) / panel, row_blocks = (c.rows + tile - 1) / tile;
  bool in_place = b.column_stride == 1 && c.columns % W == 0;
  if (!in_place)
    for (std::ptrdiff_t p = 0; p < panels; ++p) {
      std::ptrdiff_t first = p * panel, here = std::min<std::ptrdiff_t>(panel, c.columns - first);
      for (std::ptrdiff_t k = 0; k < depth; ++k) {
        T* to = packed + (p * depth + k) * panel;
        for (std::ptrdiff_t i = 0; i < here; ++i) to[i] = b(k, first + i);
        for (std::ptrdiff_t i = here; i < panel; ++i) to[i] = T(0);
      }
    }

  auto tile_at = [&](std::ptrdiff_t row, int rows, std::ptrdiff_t p) {
    std::ptrdiff_t column = p * panel;
    int columns = int(std::min<std::ptrdiff_t>(panel, c.columns - column));
    bool one_vector = columns <= W;
    int full = one_vector ? W : 2 * W;
    T* out = &c(row, column);
    std::ptrdiff_t out_row = c.row_stride;
    T const* start = ends.accumulate ? out : ends.bias ? ends.bias + column : zeros;
    std::ptrdiff_t start_row = ends.accumulate ? out_row : 0;
    T line[tile_columns<T>], edge[tile_rows * tile_columns<T>];
    if (columns < full) {  // the last columns do not fill a vector: work beside c
      std::fill_n(line, full, T(0));
      if (ends.accumulate)
        for (int r = 0; r < rows; ++r) std::copy_n(line, full, edge + r * panel), std::copy_n(out + r * out_row, columns, edge + r * panel);
      else std::copy_n(start, columns, line);
      start = ends.accumulate ? edge : line;
      start_row = ends.accumulate ? panel : 0;
      out = edge;
      out_row = panel;
    }
    T const* right = in_place ? b.data + column : packed + p * depth * panel;
    product_tile_of<T>(rows, one_vector, depth, a.data + row * a.row_stride, a.row_stride, a.column_stride, right, in_place ? b.row_stride : panel, start,
                       start_row, out, out_row);
    if constexpr (!std::is_same_v<Epilogue, identity>)
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < full; i += W) ends.epilogue(pack<T>::load(out + r * out_row + i)).store(out + r * out_row + i);
    if (columns < full)
      for (int r = 0; r < rows; ++r) std::copy_n(edge + r * panel, columns, &c(row + r, column));
  };
  // Whichever operand is walked again and again should stay in the first cache: b if all of it fits, else one panel of it.
  bool rows_outside = depth * c.columns * std::ptrdiff_t(sizeof(T)) <= 20 * 1024;
  std::ptrdiff_t tiles = row_blocks * panels, work = 2 * tile * panel * depth;
  parallel_for(threads, tiles, std::max<std::ptrdiff_t>(1, 400'000 / std::max<std::ptrdiff_t>(1, work)), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t i = first; i < last; ++i) {
      std::ptrdiff_t row = (rows_outside ? i / panels : i % row_blocks) * tile, end = std::min(row + tile, c.rows);
      while (row < end) {
        std::ptrdiff_t left = end - row;
        int rows = left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        tile_at(row, rows, rows_outside ? i % panels : i / row_blocks);
        row += rows;
      }
    }
  });
}

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
