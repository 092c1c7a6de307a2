#pragma once
#include <cohort/eigen/packed_operands.hpp>
#include <cohort/eigen/product.hpp>

namespace COHORT_NAMESPACE::eigen {

/// Extents of the blocks that fit the caches: a panel of b and `rows` of a in the second level, `columns` of b for all
/// threads in the third. The fewer the blocks along k, the less often c is read and written: all of up to 640 steps are
/// one.
struct product_blocks {
  static constexpr std::ptrdiff_t rows = 96, columns = 2048;
  static std::ptrdiff_t depth(std::ptrdiff_t steps) {
    std::ptrdiff_t blocks = steps <= 640 ? 1 : (steps + 511) / 512;
    return std::max<std::ptrdiff_t>(1, (steps + blocks - 1) / blocks);
  }
};

/// One part of a product: some rows by one panel, over some steps of k.
template <class T>
struct product_part {
  view<T> c;
  product_ends<T> const& ends;
  bool first, last;  ///< of the steps of k

  /// a: a tile's numbers and their distances; b: a panel.
  void operator()(std::ptrdiff_t row, int rows, std::ptrdiff_t column, std::ptrdiff_t depth, T const* a,
                  std::ptrdiff_t a_row, std::ptrdiff_t a_depth, T const* b) const {
    constexpr int width = panel_columns<T>;
    static constexpr T zeros[width] = {};
    std::ptrdiff_t here = std::min<std::ptrdiff_t>(width, c.columns - column);
    T* out = &c(row, column);
    std::ptrdiff_t stride = c.row_stride;
    bool again = !first || ends.accumulate;
    if (here < width) {
      T edge[tile_rows * width] = {}, bias[width] = {};
      if (again)
        for (int r = 0; r < rows; ++r) std::copy_n(out + r * stride, here, edge + r * width);
      else if (ends.bias) std::copy_n(ends.bias + column, here, bias);
      product_of_rows<T, 2>(rows, depth, a, a_row, a_depth, b, width, 0,
                            again       ? edge
                            : ends.bias ? bias
                                        : zeros,
                            again ? width : 0, 0, edge, width, 1);
      for (int r = 0; r < rows; ++r) std::copy_n(edge + r * width, here, out + r * stride);
    } else {
      T const* start = again ? out : ends.bias ? ends.bias + column : zeros;
      product_of_rows<T, 2>(rows, depth, a, a_row, a_depth, b, width, 0, start, again ? stride : 0, 0, out, stride, 1);
    }
    if (last) ends.epilogue(out, stride, rows, here);
  }
};

/// All of b as panels, for many products.
template <class T>
void prepare_panels(executor const& run_over, view<T const> b, T* to) {
  constexpr std::ptrdiff_t width = panel_columns<T>;
  run_over((b.columns + width - 1) / width, 4, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t p = first; p < last; ++p) pack_panel<width>(b, p * width, 0, b.rows, to + p * b.rows * width);
  });
}

/// Room that large_product needs, in numbers.
template <class T>
std::ptrdiff_t large_product_room(view<T> c, view<T const> a, int threads) {
  using blocks = product_blocks;
  constexpr std::ptrdiff_t width = panel_columns<T>;
  std::ptrdiff_t depth = blocks::depth(a.columns);
  if (c.rows <= blocks::rows)
    return threads * depth * width +
           (a.column_stride == 1 ? 0 : (c.rows + tile_rows - 1) / tile_rows * tile_rows * a.columns);
  return threads * depth * (blocks::rows + tile_rows) +
         depth * ((std::min(blocks::columns, c.columns) + width - 1) / width * width);
}

/// c = epilogue(start + a b) for matrices larger than the caches; c has unit column stride, a and b any strides. An
/// element is one chain of multiply-adds in the order of k here too, so the bits are those of small_product, on any
/// number of threads.
///
/// `prepared`: all of b as panels, each with all steps of k (see prepare_panels), or none.
template <class T>
void large_product(executor const& run_over, view<T> c, view<T const> a, view<T const> b, T const* prepared, T* room,
                   product_ends<T> const& ends) {
  using blocks = product_blocks;
  constexpr std::ptrdiff_t width = panel_columns<T>;
  std::ptrdiff_t panels = (c.columns + width - 1) / width, tiles = (c.rows + tile_rows - 1) / tile_rows,
                 depth_of_block = blocks::depth(a.columns);
  auto tile = [&](std::ptrdiff_t m) { return int(std::min<std::ptrdiff_t>(tile_rows, c.rows - m)); };

  if (c.rows <= blocks::rows) {  // few rows, as when tokens are generated: each worker packs its panels of b when it
                                 // comes to them
    T* tiles_of_a = room + run_over.threads() * depth_of_block * width;
    bool packed = a.column_stride != 1;
    if (packed) pack_tiles(a, 0, c.rows, 0, a.columns, tiles_of_a);
    run_over(panels, 1, [&](int worker, std::ptrdiff_t from, std::ptrdiff_t to) {
      T* panel = room + worker * depth_of_block * width;
      for (std::ptrdiff_t p = from; p < to; ++p)
        for (std::ptrdiff_t k = 0; k < a.columns; k += depth_of_block) {
          std::ptrdiff_t depth = std::min(depth_of_block, a.columns - k);
          T const* here = prepared ? prepared + (p * a.columns + k) * width : panel;
          if (!prepared) pack_panel<width>(b, p * width, k, depth, panel);
          product_part<T> part{c, ends, k == 0, k + depth == a.columns};
          for (std::ptrdiff_t m = 0; m < c.rows; m += tile_rows)
            part(m, tile(m), p * width, depth,
                 packed ? tiles_of_a + m * a.columns + k * tile_rows : a.data + m * a.row_stride + k,
                 packed ? 1 : a.row_stride, packed ? tile_rows : 1, here);
        }
    });
    return;
  }
  std::ptrdiff_t room_of_worker = depth_of_block * (blocks::rows + tile_rows);
  T* panels_of_b = room + run_over.threads() * room_of_worker;
  for (std::ptrdiff_t n = 0; n < c.columns; n += blocks::columns) {
    std::ptrdiff_t first_panel = n / width, last_panel = std::min(panels, (n + blocks::columns) / width);
    for (std::ptrdiff_t k = 0; k < a.columns; k += depth_of_block) {
      std::ptrdiff_t depth = std::min(depth_of_block, a.columns - k);
      auto panel = [&](std::ptrdiff_t p) -> T const* {
        return prepared ? prepared + (p * a.columns + k) * width : panels_of_b + (p - first_panel) * depth * width;
      };
      if (!prepared)
        run_over(last_panel - first_panel, 1, [&](std::ptrdiff_t from, std::ptrdiff_t to) {
          for (std::ptrdiff_t p = from; p < to; ++p)
            pack_panel<width>(b, (first_panel + p) * width, k, depth, panels_of_b + p * depth * width);
        });
      product_part<T> part{c, ends, k == 0, k + depth == a.columns};
      run_over(tiles, 1, [&](int worker, std::ptrdiff_t from, std::ptrdiff_t to) {
        T* block = room + worker * room_of_worker;
        for (std::ptrdiff_t m = from * tile_rows, end = std::min(to * tile_rows, c.rows); m < end; m += blocks::rows) {
          std::ptrdiff_t rows = std::min(blocks::rows, end - m);
          if (a.column_stride != 1) pack_tiles(a, m, rows, k, depth, block);
          for (std::ptrdiff_t p = first_panel; p < last_panel; ++p)
            for (std::ptrdiff_t r = 0; r < rows; r += tile_rows)
              if (a.column_stride == 1)
                part(m + r, tile(m + r), p * width, depth, &a(m + r, k), a.row_stride, 1, panel(p));
              else part(m + r, tile(m + r), p * width, depth, block + r * depth, 1, tile_rows, panel(p));
        }
      });
    }
  }
}

}  // namespace COHORT_NAMESPACE::eigen
