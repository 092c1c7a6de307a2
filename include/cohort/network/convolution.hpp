#pragma once
#include <algorithm>
#include <cohort/backend/copies.hpp>
#include <cohort/network/activation.hpp>
#include <cohort/network/layer.hpp>
#include <cohort/network/patches.hpp>

namespace COHORT_NAMESPACE {

/// A convolution of an image, rows x columns x channels:
///
///     y(r, c, f) = activation(sum over i, j, k of x(stride r + i - padding, stride c + j - padding, k) W(i, j, k, f) +
///     b(f)),    0 <= i, j < size
///
/// with zeros beyond the image's edges. It gives an image of floor((rows + 2 padding - size) / stride) + 1 rows, as
/// many columns of the same kind, and `filters` channels. W is a matrix of size size channels x filters. A network of
/// three, as Atari's games are learned with (Mnih et al. 2015, Nature 518, 529):
///
///     network{image{84, 84, 4}, convolution{32, 8, 4}, convolution{64, 4, 2}, convolution{64, 3, 1}, dense{512}}
struct convolution {
  int filters = 32, size = 3, stride = 1;
  cohort::activation activation = cohort::activation::relu;
  int padding = 0;

  static constexpr char const* kind = "convolution";
  static void numbers(auto& self, auto const& f) {
    f("filters", self.filters), f("size", self.size), f("stride", self.stride), f("activation", self.activation);
    f("padding", self.padding);
  }
  layer_extents extents(layer_extents const& in) const {
    detail::require(filters > 0, "convolution", "filters", filters, "a positive number");
    detail::require(size > 0, "convolution", "size", size, "a positive number");
    detail::require(stride > 0, "convolution", "stride", stride, "a positive number");
    detail::require(padding >= 0 && padding < size, "convolution", "padding", padding, "0 or less than its size");
    if (!in.is_image())
      throw value_error("convolution reads an image, and " + in.text() +
                        " come in; image{rows, columns, channels} before it says how they lie");
    if (std::min(in.rows, in.columns) + 2. * padding < size)
      throw value_error("convolution is of " + std::to_string(size) + " x " + std::to_string(size) +
                        " pixels, and what comes in is " + in.text());
    detail::require_numbered("convolution", "a patch's size", double(size) * size * in.channels);
    auto const g = grid(in);
    return {g.down(), g.across(), filters};
  }
  void arrays(layer_extents const& in, auto const& f) const {
    f("weight", grid(in).width(), filters), f("bias", 1, filters, 0);
  }

  template <backend B>
  void forward(B& b, layer_pass<B> const& p) const {
    each_block(b, p, p.x, [&](view<value_t<B> const> patches, std::ptrdiff_t first, std::ptrdiff_t) {
      detail::dense_forward(b, activation, pixels(p.y, p).part(first, patches.rows), patches, p.parameters[0],
                            p.parameters[1]);
    });
  }
  template <backend B>
  void backward(B& b, layer_pass<B> const& p, out_view<B> dy, layer_views<value_t<B>> gradient, out_view<B> dx) const {
    using T = value_t<B>;
    detail::through_activation(b, activation, dy, in_view<B>(p.y));
    view<T const> const slopes = pixels(dy, p);
    b.column_sum(gradient[1], slopes);
    auto const g = grid(p.in);
    each_block(b, p, p.x, [&](view<T> patches, std::ptrdiff_t first, std::ptrdiff_t image) {
      view<T const> const some = slopes.part(first, patches.rows);
      b.matmul(gradient[0], view<T const>(patches).transposed(), some, first > 0);
      if (!dx) return;
      b.matmul(patches, some, p.parameters[0].transposed());
      std::ptrdiff_t const images = patches.rows / g.count(), each = std::ptrdiff_t(g.rows) * g.columns;
      view<T> const to = dx.part(image, images).reshaped(images * each, g.channels);
      b.for_rows(images * each, detail::sum_of_patches{g}, to, for_all(view<T const>(patches)));
    });
  }
  template <backend B>
  void tangent(B& b, layer_pass<B> const& p, layer_views<value_t<B> const> v, in_view<B> dx, out_view<B> dy) const {
    using T = value_t<B>;
    view<T> const to = pixels(dy, p);
    each_block(b, p, p.x, [&](view<T const> patches, std::ptrdiff_t first, std::ptrdiff_t) {
      b.dense(to.part(first, patches.rows), patches, v[0], v[1], detail::linear_of{});
    });
    if (dx)
      each_block(b, p, dx, [&](view<T const> patches, std::ptrdiff_t first, std::ptrdiff_t) {
        b.matmul(to.part(first, patches.rows), patches, p.parameters[0], true);
      });
    detail::through_activation(b, activation, dy, in_view<B>(p.y));
  }

 private:
  detail::patch_grid grid(layer_extents const& in) const {
    return {in.rows, in.columns, in.channels, size, stride, padding};
  }
  template <class T, class P>
  view<T> pixels(view<T> y, P const& p) const {
    return y.reshaped(y.rows * p.out.rows * p.out.columns, filters);
  }
  /// All of a matrix whose rows follow one another, as the one row that every row of a loop reads.
  template <class T>
  static view<T> for_all(view<T> all) {
    return {all.data, 1, all.size(), 0, 1};
  }
  /// f(patches, the first of them, its image) for some images at a time, whose patches are not more than a cache holds.
  template <backend B, class F>
  void each_block(B& b, layer_pass<B> const& p, in_view<B> x, F f) const {
    using T = value_t<B>;
    auto const g = grid(p.in);
    auto copied = b.template temporary<T>(x.column_stride == 1 ? 0 : x.size());
    if (x.column_stride != 1) {
      view<T> const rows = copied.matrix(x.rows, x.columns);
      detail::copy_to(b, rows, x);
      x = rows;
    }
    std::ptrdiff_t const of_image = std::ptrdiff_t(g.count()) * g.width(),
                         block = std::max<std::ptrdiff_t>(1, (1 << 18) / of_image);
    auto room = b.template temporary<T>(std::min(block, x.rows) * of_image);
    for (std::ptrdiff_t image = 0; image < x.rows; image += block) {
      std::ptrdiff_t const images = std::min(block, x.rows - image);
      view<T> const patches = room.all().part(0, images * of_image).reshaped(images * g.count(), g.width());
      view<T const> const from = x.part(image, images);
      b.for_rows(patches.rows, detail::take_patch{g, x.row_stride}, patches,
                 view<T const>(from.data, 1, images * x.row_stride, 0, 1));
      f(patches, image * g.count(), image);
    }
  }
};

}  // namespace COHORT_NAMESPACE
