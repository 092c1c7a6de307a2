#pragma once
#include <cohort/policy/divergence.hpp>
#include <cohort/scalar/dual.hpp>

// The Fisher information of a policy's distributions, in the numbers that describe them (divergence.hpp), from the
// slopes of KL(old || pi) in duals: a divergence brings its curvature. Your own distribution joins by
// an overload of curvature, found by argument-dependent lookup.

namespace COHORT_NAMESPACE {

namespace detail {

/// A row that moves along another: its numbers with those of the other as their tangents.
template <class R, class V>
struct moving_row {
  using scalar = dual<typename R::scalar, 1>;
  R at;
  V along;
  constexpr scalar operator[](std::ptrdiff_t j) const {
    scalar x(at[j]);
    x.tangent[0] = along[j];
    return x;
  }
};
/// Keeps the tangents of what is set, times a factor.
template <class R>
struct row_of_tangents {
  using scalar = dual<typename R::scalar, 1>;
  R row;
  double factor;
  constexpr void set(std::ptrdiff_t j, scalar const& x) const { row.set(j, factor * x.tangent[0]); }
};
/// Reads as zeros, and forgets what is set.
template <class S>
struct unwritten_row {
  using scalar = S;
  constexpr S operator[](std::ptrdiff_t) const { return S(0); }
  template <class X>
  constexpr void set(std::ptrdiff_t, X const&) const {}
};

/// For a divergence over rows, f(pi's..., old's..., out, slopes...): how the slopes change when pi moves from where the
/// old one is.
template <class Divergence>
struct slope_along {
  Divergence f;
  double factor;
  template <class X, class V>
  constexpr void operator()(X x, V v) const {
    f(moving_row<X, V>{x, v}, x, unwritten_row<dual<typename X::scalar, 1>>{}, row_of_tangents<V>{v, factor});
  }
  template <class X, class Y, class V, class W>
  constexpr void operator()(X x, Y y, V v, W w) const {
    f(moving_row<X, V>{x, v}, moving_row<Y, W>{y, w}, x, y, unwritten_row<dual<typename X::scalar, 1>>{},
      row_of_tangents<V>{v, factor}, row_of_tangents<W>{w, factor});
  }
};

/// For D independent numbers, in the closed form that their model gives.
template <class Model, int N>
struct independent_curvature {
  Model model;
  double factor;
  extent<N> size;
  template <class X, class V>
  constexpr void operator()(X x, V v) const {
    using S = typename X::scalar;
    int const D = size;
    for (int d = 0; d < D; ++d) {
      auto product = model.curvature(parameters_of<Model, S>(x, d, D), parameters_of<Model, S>(v, d, D));
      for (int k = 0; k < Model::parameters; ++k) v.set(k * D + d, factor * product[k]);
    }
  }
};

}  // namespace detail

/// v <- factor H v row by row, H the second derivative of KL(old || pi) with respect to what describes pi, at pi = old:
/// for logits diag(p) - p p', for means and log-deviations diag(1 / s^2, 2). v: R x distribution_size.
template <backend B>
void curvature(B& backend, categorical const& d, in_view<B> logits, in_view<B>, double factor, out_view<B> v) {
  backend.map_rows(logits.rows,
                   detail::slope_along<detail::categorical_divergence<divergence_over::other>>{{d.actions}, factor},
                   logits, v);
}
template <backend B>
void curvature(B& backend, diagonal_gaussian<value_t<B>> const& d, in_view<B> mean, in_view<B> log_std, double factor,
               out_view<B> v) {
  auto half = [&](int k) { return v.columns_part(k * d.dimensions, d.dimensions); };
  backend.map_rows(mean.rows,
                   detail::slope_along<detail::gaussian_divergence<divergence_over::other>>{{d.dimensions}, factor},
                   mean, d.rows_of(mean, log_std), half(0), half(1));
}

template <backend B, int K>
void curvature(B& backend, multi_categorical<K> const& d, in_view<B> logits, in_view<B>, double factor, out_view<B> v) {
  using divergence = detail::multi_categorical_divergence<K, detail::categorical_divergence<divergence_over::other>>;
  backend.map_rows(logits.rows, detail::slope_along<divergence>{{d.kernel(1)}, factor}, logits, v);
}
template <backend B, class Model, int D>
void curvature(B& backend, independent<Model, value_t<B>, D> const& d, in_view<B> x, in_view<B>, double factor,
               out_view<B> v) {
  constexpr bool closed = requires(several<real<double>, Model::parameters> p) { d.model.curvature(p, p); };
  if constexpr (closed)
    backend.map_rows(x.rows, detail::independent_curvature<Model, D>{d.model, factor, d.size}, x, v);
  else
    backend.map_rows(
        x.rows, detail::slope_along<detail::independent_divergence<Model, D, true>>{{d.model, d.size}, factor}, x, v);
}

template <backend B, class Gsde, int D>
void curvature(B& backend, gsde_gaussian<Gsde, value_t<B>, D> const& d, in_view<B> x, in_view<B> log_s, double factor,
               out_view<B> v) {
  int P = d.size + d.features;
  backend.map_rows(x.rows, detail::slope_along<detail::gsde_divergence<D, true>>{{d.kernel()}, factor}, x,
                   d.rows(log_s, x), v.columns_part(0, P), v.columns_part(P, d.free_parameters()));
}

}  // namespace COHORT_NAMESPACE
