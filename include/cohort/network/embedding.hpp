#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/network/activation.hpp>
#include <cohort/network/layer.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

namespace detail {

/// The rows of a table that the numbers of a row stand for; 0 for a number that stands for none.
struct index_of_number {
  int values;
  template <class X, class I>
  constexpr void operator()(std::ptrdiff_t, X x, I index) const {
    double const given = double(x[0].value);
    bool const inside = given > -.5 && given < values - .5;
    index.set(0, double(inside ? int(given + .5) : 0));
  }
};
/// NaN for all of what stands for a number out of range, so that nobody takes it for another one's.
struct nothing_out_of_range {
  int values;
  template <class S>
  constexpr S operator()(S y, S given) const {
    return select(given > -.5, select(given < values - .5, y, S(std::numeric_limits<double>::quiet_NaN())),
                  S(std::numeric_limits<double>::quiet_NaN()));
  }
};

}  // namespace detail

/// Rows of a table in the place of choices: each number that comes in is one of 0 to values - 1, and `width` numbers go
/// on for it. The table is learned. What is nearest to no such number gives NaN, which a rollout refuses with its step
/// and lane. (An observation that is zeros and a one is read by dense{width, activation::linear} with the same effect.)
struct embedding {
  int values = 2, width = 8;

  static constexpr char const* kind = "embedding";
  static void numbers(auto& self, auto const& f) { f("values", self.values), f("width", self.width); }
  layer_extents extents(layer_extents const& in) const {
    detail::require(values > 0, "embedding", "values", values, "a positive number");
    detail::require(width > 0, "embedding", "width", width, "a positive number");
    detail::require_numbered("embedding", "the size of what it gives", double(width) * in.size);
    return width * in.size;
  }
  void arrays(layer_extents const&, auto const& f) const { f("table", values, width); }

  template <backend B>
  void forward(B& b, layer_pass<B> const& p) const {
    using T = value_t<B>;
    std::ptrdiff_t const R = p.rows(), D = p.in.size;
    auto const index = p.kept_indices(b, R * D);
    for (std::ptrdiff_t d = 0; d < D; ++d)
      b.for_rows(R, detail::index_of_number{values}, p.x.column(d), view<std::int32_t>(index.data + d, R, 1, D, 1));
    b.gather(p.y.reshaped(R * D, width), p.parameters[0], view<std::int32_t const>(index));
    for (std::ptrdiff_t d = 0; d < D; ++d) {
      view<T> const part = p.y.columns_part(d * width, width);
      b.map(outputs{part}, detail::nothing_out_of_range{values}, view<T const>(part),
            repeat_column(p.x.column(d), width));
    }
  }
  template <backend B>
  void backward(B& b, layer_pass<B> const& p, out_view<B> dy, layer_views<value_t<B>> gradient, out_view<B> dx) const {
    std::ptrdiff_t const n = p.rows() * p.in.size;
    detail::fill_with(b, gradient[0], 0);
    b.scatter_add(gradient[0], in_view<B>(dy.reshaped(n, width)), view<std::int32_t const>(p.kept_indices(b, n)));
    if (dx) detail::fill_with(b, dx, 0);
  }
  template <backend B>
  void tangent(B& b, layer_pass<B> const& p, layer_views<value_t<B> const> v, in_view<B>, out_view<B> dy) const {
    std::ptrdiff_t const n = p.rows() * p.in.size;
    b.gather(dy.reshaped(n, width), v[0], view<std::int32_t const>(p.kept_indices(b, n)));
  }
};

}  // namespace COHORT_NAMESPACE
