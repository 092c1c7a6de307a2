#pragma once
#include <cohort/language/model/layer_parameters.hpp>
#include <cohort/language/model/low_rank.hpp>
#include <cohort/language/model/weight_factor.hpp>

namespace COHORT_NAMESPACE {

/// The gradient of what a product has; absent for what is frozen.
template <class T>
struct product_gradient {
  view<T> weights, bias;
  low_rank<T> adapters;
};

/// One of a layer's products: y = x W' + bias, with adapters where there are any.
template <backend B>
struct layer_product {
  using T = value_t<B>;
  weight_factor<B> weights;
  view<T const> bias;
  low_rank<T const> adapters;

  /// y = or += the product of x.
  void forward(B& b, view<T> y, view<T const> x, bool add) const {
    if (bias && add) detail::add_to(b, y, detail::as_rows(bias, y.rows));
    if (bias && !add) detail::copy_to(b, y, detail::as_rows(bias, y.rows));
    weights.multiply(b, y, x, add || bool(bias));
    if (adapters) detail::low_rank_add(b, y, x, adapters);
  }
  /// dx = the gradient of x, given that of y.
  void backward(B& b, view<T> dx, view<T const> dy) const {
    weights.backward(b, dx, dy);
    if (adapters) detail::low_rank_backward(b, dx, dy, adapters);
  }
  /// Adds to the gradients of what is trained, given that of y.
  void add_gradient(B& b, product_gradient<T> const& to, view<T const> dy, view<T const> x) const {
    if (to.weights) b.matmul(to.weights, dy.transposed(), x, true);
    if (to.bias) {
      auto sums = b.template temporary<T>(dy.columns);
      b.column_sum(sums.matrix(1, dy.columns), dy);
      detail::add_to(b, to.bias, view<T const>(sums.all()));
    }
    if (adapters && to.adapters) detail::low_rank_gradient(b, to.adapters, dy, x, adapters);
  }
};

/// What a layer is computed from.
template <backend B>
struct layer_weights {
  layer_parameters<value_t<B> const> vectors;
  layer_product<B> qkv, out, up, down;
};
/// And its gradient.
template <class T>
struct layer_gradient {
  layer_parameters<T> vectors;
  product_gradient<T> qkv, out, up, down;
};

}  // namespace COHORT_NAMESPACE
