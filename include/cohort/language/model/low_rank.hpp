#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/lora_layout.hpp>

namespace COHORT_NAMESPACE {

/// The adapters of a product, y += scale B A x for each of its projections, over an array that lora_layout describes;
/// or their gradient; or none.
template <class U>
struct low_rank {
  view<U> all{};
  product_adapters const* places = nullptr;
  std::ptrdiff_t rank = 0;
  double scale = 0;

  explicit operator bool() const { return bool(all) && places && !places->targets.empty(); }
  /// Numbers between A and B, of all projections.
  std::ptrdiff_t inner() const { return rank * std::ptrdiff_t(places->targets.size()); }
  view<U> a() const { return {all.data + places->a, inner(), places->inputs}; }
  view<U> b(std::size_t i) const { return {all.data + places->targets[i].b, places->targets[i].outputs, rank}; }

  /// f(i, columns of a projection among a product's outputs, and among inner numbers).
  template <class V, class W, class F>
  void each(view<V> outputs, view<W> inside, F f) const {
    for (std::size_t i = 0; i < places->targets.size(); ++i) {
      auto const& t = places->targets[i];
      f(i, outputs.columns_part(t.column, t.outputs), inside.columns_part(std::ptrdiff_t(i) * rank, rank));
    }
  }
};

namespace detail {

/// scale x A'.
template <backend B, class T = value_t<B>>
void low_rank_inner(B& b, view<T> inner, view<T const> x, low_rank<T const> const& w) {
  b.matmul(inner, x, w.a().transposed());
  b.map(outputs{inner}, scaled_by{w.scale}, view<T const>(inner));
}
/// Its gradient over x, given that of y: scale dy B.
template <backend B, class T = value_t<B>>
void low_rank_inner_slope(B& b, view<T> inner, view<T const> dy, low_rank<T const> const& w) {
  w.each(dy, inner, [&](std::size_t i, view<T const> of_dy, view<T> to) { b.matmul(to, of_dy, w.b(i)); });
  b.map(outputs{inner}, scaled_by{w.scale}, view<T const>(inner));
}

/// y += scale x A' B'.
template <backend B, class T = value_t<B>>
void low_rank_add(B& b, view<T> y, view<T const> x, low_rank<T const> const& w) {
  auto room = b.template temporary<T>(x.rows * w.inner());
  view<T> const inner = room.matrix(x.rows, w.inner());
  low_rank_inner(b, inner, x, w);
  w.each(y, view<T const>(inner),
         [&](std::size_t i, view<T> to, view<T const> from) { b.matmul(to, from, w.b(i).transposed(), true); });
}
/// dx += scale dy B A.
template <backend B, class T = value_t<B>>
void low_rank_backward(B& b, view<T> dx, view<T const> dy, low_rank<T const> const& w) {
  auto room = b.template temporary<T>(dy.rows * w.inner());
  view<T> const inner = room.matrix(dy.rows, w.inner());
  low_rank_inner_slope(b, inner, dy, w);
  b.matmul(dx, view<T const>(inner), w.a(), true);
}
/// Adds to the gradients of A and B, given that of y.
template <backend B, class T = value_t<B>>
void low_rank_gradient(B& b, low_rank<T> const& gradient, view<T const> dy, view<T const> x,
                       low_rank<T const> const& w) {
  auto room = b.template temporary<T>(dy.rows * w.inner());
  view<T> const inner = room.matrix(dy.rows, w.inner());
  low_rank_inner(b, inner, x, w);
  gradient.each(dy, view<T const>(inner), [&](std::size_t i, view<T const> of_dy, view<T const> from) {
    b.matmul(gradient.b(i), of_dy.transposed(), from, true);
  });
  low_rank_inner_slope(b, inner, dy, w);
  b.matmul(gradient.a(), view<T const>(inner).transposed(), x, true);
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
