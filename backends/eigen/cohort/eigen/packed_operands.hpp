#pragma once
#include <cohort/backend/view.hpp>
#include <cohort/eigen/pack.hpp>

namespace COHORT_NAMESPACE::eigen {

/// Of a tile's sums, beside two vectors of b and a number of a, as many as there are registers for: 16 of them, or 32
/// with AVX-512, where 8 rows also divide the usual sizes of layers and minibatches.
inline constexpr int tile_rows = vector_bytes == 64 ? 8 : 6;
template <class T>
inline constexpr int panel_columns = 2 * pack<T>::width;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"  // of the vector type that is a template argument, in g++
/// A square of W x W numbers, turned: to[k * to_stride + i] = from[i * from_stride + k].
template <class T>
void transpose_square(T const* from, std::ptrdiff_t from_stride, T* to, std::ptrdiff_t to_stride) {
  constexpr int W = pack<T>::width;
  using packet = typename Eigen::internal::packet_traits<T>::type;
  if constexpr (Eigen::internal::unpacket_traits<packet>::size == W) {
    Eigen::internal::PacketBlock<packet, W> square;
    for (int i = 0; i < W; ++i) square.packet[i] = Eigen::internal::ploadu<packet>(from + i * from_stride);
    Eigen::internal::ptranspose(square);
    for (int k = 0; k < W; ++k) Eigen::internal::pstoreu(to + k * to_stride, square.packet[k]);
  } else {
    for (int i = 0; i < W; ++i)
      for (int k = 0; k < W; ++k) to[k * to_stride + i] = from[i * from_stride + k];
  }
}
#pragma GCC diagnostic pop

/// Columns `first` ... of b, steps `from` to `from + depth`, as one panel: step by step, zeros where b has no more
/// columns.
template <int width, class T>
void pack_panel(view<T const> b, std::ptrdiff_t first, std::ptrdiff_t from, std::ptrdiff_t depth, T* to) {
  constexpr int W = pack<T>::width;
  std::ptrdiff_t here = std::min<std::ptrdiff_t>(width, b.columns - first);
  if (here < width) std::fill_n(to, depth * width, T(0));
  T const* source = b.data + from * b.row_stride + first * b.column_stride;
  if (b.column_stride == 1 && here == width) {
    for (std::ptrdiff_t k = 0; k < depth; ++k) std::copy_n(source + k * b.row_stride, width, to + k * width);
    return;
  }
  std::ptrdiff_t k = 0;
  if (b.row_stride == 1 && here == width)
    for (; k + W <= depth; k += W)
      for (int i = 0; i < width; i += W)
        transpose_square(source + i * b.column_stride + k, b.column_stride, to + k * width + i, width);
  for (; k < depth; ++k)
    for (std::ptrdiff_t i = 0; i < here; ++i) to[k * width + i] = source[k * b.row_stride + i * b.column_stride];
}

/// Rows `first` ... of a, whose rows are adjacent in memory and not its columns, as tiles of `tile_rows`, each step by
/// step.
template <class T>
void pack_tiles(view<T const> a, std::ptrdiff_t first, std::ptrdiff_t rows, std::ptrdiff_t from, std::ptrdiff_t depth,
                T* to) {
  for (std::ptrdiff_t k = 0; k < depth; ++k) {
    T const* source = a.data + first * a.row_stride + (from + k) * a.column_stride;
    std::ptrdiff_t m = 0;
    if (a.row_stride == 1)
      for (; m + tile_rows <= rows; m += tile_rows) std::copy_n(source + m, tile_rows, to + m * depth + k * tile_rows);
    for (; m + tile_rows <= rows; m += tile_rows)
      for (int r = 0; r < tile_rows; ++r) to[m * depth + k * tile_rows + r] = source[(m + r) * a.row_stride];
    for (int r = 0; m + r < rows; ++r) to[m * depth + k * tile_rows + r] = source[(m + r) * a.row_stride];
  }
}

}  // namespace COHORT_NAMESPACE::eigen
