#pragma once
#include <cohort/backend/view.hpp>
#include <cohort/eigen/pack.hpp>
#include <cohort/eigen/parallel.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// What a product starts from and what happens to its sums before they are stored.
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

/// R rows by V vectors of c, over all k. Each element is one chain of multiply-adds in the order of k, whatever the tile it falls in: so a row
/// of a batch has the bits it has alone, and threads may cut anywhere.
template <int R, int V, class T, class Epilogue>
void product_tile(std::ptrdiff_t depth, T const* a, std::ptrdiff_t a_row, std::ptrdiff_t a_depth, T const* b, std::ptrdiff_t b_depth, T* c,
                  std::ptrdiff_t c_row, int columns, std::ptrdiff_t first_column, product_ends<T, Epilogue> const& ends) {
  using P = pack<T>;
  using vector = typename P::vector;
  constexpr int W = P::width;
  vector sum[R][V];
  alignas(vector_bytes) T line[V * W];
  auto edge = [&](T const* p, int v) {  // a vector of which only some columns exist
    for (int i = 0; i < V * W; ++i) line[i] = i < columns ? p[i] : T(0);
    return P::load(line + v * W).value;
  };
  bool whole = columns == V * W;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      if (ends.accumulate) sum[r][v] = whole ? P::load(c + r * c_row + v * W).value : edge(c + r * c_row, v);
      else if (ends.bias) sum[r][v] = whole ? P::load(ends.bias + first_column + v * W).value : edge(ends.bias + first_column, v);
      else sum[r][v] = vector{};
    }
  for (std::ptrdiff_t k = 0; k < depth; ++k) {
    vector right[V];
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
    if (whole) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) ends.epilogue(P(sum[r][v])).store(c + r * c_row + v * W);
    } else {
      for (int v = 0; v < V; ++v) ends.epilogue(P(sum[r][v])).store(line + v * W);
      std::copy_n(line, columns, c + r * c_row);
    }
}

/// c = epilogue(start + a b) for matrices that fit the caches, as layers of controllers do. c has unit column stride; a any strides; b is read in
/// place where its columns are adjacent and fill whole vectors, and from `packed` (depth x padded columns) elsewhere.
template <class T, class Epilogue>
void small_product(int threads, view<T> c, view<T const> a, view<T const> b, T* packed, product_ends<T, Epilogue> const& ends) {
  constexpr int W = pack<T>::width, panel = 2 * W, tile = 6;
  std::ptrdiff_t depth = a.columns, panels = (c.columns + panel - 1) / panel, row_blocks = (c.rows + tile - 1) / tile;
  bool in_place = b.column_stride == 1 && c.columns % W == 0;
  if (!in_place)
    for (std::ptrdiff_t p = 0; p < panels; ++p)
      for (std::ptrdiff_t k = 0; k < depth; ++k)
        for (std::ptrdiff_t i = 0, column = p * panel; i < panel; ++i, ++column)
          packed[(p * depth + k) * panel + i] = column < c.columns ? b(k, column) : T(0);

  auto block = [&](std::ptrdiff_t row_block, std::ptrdiff_t p) {
    std::ptrdiff_t first = row_block * tile, column = p * panel;
    int rows = int(std::min<std::ptrdiff_t>(tile, c.rows - first)), columns = int(std::min<std::ptrdiff_t>(panel, c.columns - column));
    T const* right = in_place ? b.data + column : packed + p * depth * panel;
    std::ptrdiff_t right_step = in_place ? b.row_stride : panel;
    auto run = [&]<int R, int V>() {
      product_tile<R, V>(depth, a.data + first * a.row_stride, a.row_stride, a.column_stride, right, right_step, &c(first, column), c.row_stride,
                         columns, column, ends);
    };
    auto rows_of = [&]<int V>() {
      switch (rows) {
        case 6: return run.template operator()<6, V>();
        case 5: return run.template operator()<5, V>();
        case 4: return run.template operator()<4, V>();
        case 3: return run.template operator()<3, V>();
        case 2: return run.template operator()<2, V>();
        default: return run.template operator()<1, V>();
      }
    };
    columns <= W ? rows_of.template operator()<1>() : rows_of.template operator()<2>();
  };
  // Whichever operand is walked again and again should stay in the first cache: b if all of it fits, else one panel of it.
  bool rows_outside = depth * c.columns * std::ptrdiff_t(sizeof(T)) <= 20 * 1024;
  std::ptrdiff_t tiles = row_blocks * panels, work = 2 * tile * panel * depth;
  parallel_for(threads, tiles, std::max<std::ptrdiff_t>(1, 400'000 / std::max<std::ptrdiff_t>(1, work)), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t i = first; i < last; ++i) rows_outside ? block(i / panels, i % panels) : block(i % row_blocks, i / row_blocks);
  });
}

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
