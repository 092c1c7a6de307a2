#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>

// The patches of images that a convolution reads, as rows of a matrix, and the way back: written for device code.
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
    using S = typename Out::scalar;
    int const at = int(i % g.count()), top = at / g.across() * g.stride - g.padding,
              left = at % g.across() * g.stride - g.padding;
    std::ptrdiff_t const image = i / g.count() * row_stride;
    std::ptrdiff_t to = 0;
    for (int r = top; r < top + g.size; ++r)
      for (int c = left; c < left + g.size; ++c) {
        bool const inside = r >= 0 && r < g.rows && c >= 0 && c < g.columns;
        std::ptrdiff_t const from = image + (std::ptrdiff_t(r) * g.columns + c) * g.channels;
        for (int k = 0; k < g.channels; ++k) out.set(to++, inside ? S(x[from + k]) : S(0));
      }
  }
};

/// Row i of the pixels: what all patches have in the place of pixel i % (rows columns) of image i / (rows columns).
struct sum_of_patches {
  patch_grid g;
  template <class Out, class P>
  constexpr void operator()(std::ptrdiff_t i, Out out, P patches) const {
    using S = typename Out::scalar;
    int const pixels = g.rows * g.columns, at = int(i % pixels), r = at / g.columns + g.padding,
              c = at % g.columns + g.padding;
    for (int k = 0; k < g.channels; ++k) out.set(k, S(0));
    int const last_down = r / g.stride, last_across = c / g.stride;
    for (int d = last_down; d >= 0 && r - d * g.stride < g.size; --d)
      for (int a = last_across; a >= 0 && c - a * g.stride < g.size; --a) {
        if (d >= g.down() || a >= g.across()) continue;
        std::ptrdiff_t const patch = i / pixels * g.count() + std::ptrdiff_t(d) * g.across() + a;
        std::ptrdiff_t const from =
            patch * g.width() + (std::ptrdiff_t(r - d * g.stride) * g.size + (c - a * g.stride)) * g.channels;
        for (int k = 0; k < g.channels; ++k) out.set(k, S(out[k]) + S(patches[from + k]));
      }
  }
};

}  // namespace COHORT_NAMESPACE::detail
