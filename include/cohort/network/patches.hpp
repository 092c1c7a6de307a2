#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>

// The patches of images that a convolution reads, as rows of a matrix, and the way back: written for device code. Rows
// are plain memory, and numbers that follow one another are moved together.
namespace COHORT_NAMESPACE::detail {

/// Squares of size x size pixels, each `stride` from the one before, over an image with a border of `padding` zeros.
struct patch_grid {
  int rows, columns, channels, size, stride, padding;

  constexpr int down() const { return (rows + 2 * padding - size) / stride + 1; }
  constexpr int across() const { return (columns + 2 * padding - size) / stride + 1; }
  constexpr int count() const { return down() * across(); }
  constexpr int width() const { return size * size * channels; }
};

/// Row i of the patches: patch i % count of image i / count, pixel after pixel.
struct take_patch {
  patch_grid g;
  std::ptrdiff_t row_stride;  ///< from an image to the next
  template <class Out, class X>
  constexpr void operator()(std::ptrdiff_t i, Out out, X x) const {
    std::ptrdiff_t const image = i / g.count();
    int const at = int(i - image * g.count()), down = at / g.across(), top = down * g.stride - g.padding,
              left = (at - down * g.across()) * g.stride - g.padding;
    int const begin = left < 0 ? -left : 0, end = left + g.size > g.columns ? g.columns - left : g.size;
    auto* to = out.data;
    for (int r = top; r < top + g.size; ++r, to += g.size * g.channels) {
      bool const inside = r >= 0 && r < g.rows;
      int const first = (inside ? begin : 0) * g.channels, last = (inside ? end : 0) * g.channels;
      auto const* from = x.data + image * row_stride + (std::ptrdiff_t(r) * g.columns + left) * g.channels;
      for (int k = 0; k < first; ++k) to[k] = 0;
      for (int k = first; k < last; ++k) to[k] = from[k];
      for (int k = last; k < g.size * g.channels; ++k) to[k] = 0;
    }
  }
};

/// Row i of the pixels: the sum of what patches have in the place of pixel i % (rows columns) of image i / (rows
/// columns).
struct sum_of_patches {
  patch_grid g;
  template <class Out, class P>
  constexpr void operator()(std::ptrdiff_t i, Out out, P patches) const {
    std::ptrdiff_t const image = i / (g.rows * g.columns);
    int const at = int(i - image * (g.rows * g.columns)), row = at / g.columns, r = row + g.padding,
              c = at - row * g.columns + g.padding;
    int const below = r / g.stride < g.down() ? r / g.stride : g.down() - 1,
              right = c / g.stride < g.across() ? c / g.stride : g.across() - 1;
    auto* to = out.data;
    for (int k = 0; k < g.channels; ++k) to[k] = 0;
    for (int d = below; d >= 0 && r - d * g.stride < g.size; --d)
      for (int a = right; a >= 0 && c - a * g.stride < g.size; --a) {
        int const within = (r - d * g.stride) * g.size + c - a * g.stride;
        auto const* from = patches.data + (image * g.count() + std::ptrdiff_t(d) * g.across() + a) * g.width() +
                           std::ptrdiff_t(within) * g.channels;
        for (int k = 0; k < g.channels; ++k) to[k] += from[k];
      }
  }
};

}  // namespace COHORT_NAMESPACE::detail
