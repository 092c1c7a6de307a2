#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>

namespace COHORT_NAMESPACE {

enum class activation { tanh, relu, linear };

namespace detail {

/// Takes a gradient through an activation, by what came out of it.
template <backend B>
void through_activation(B& backend, activation a, out_view<B> gradient, in_view<B> out) {
  if (a == activation::tanh) backend.map(outputs{gradient}, tanh_slope{}, in_view<B>(gradient), out);
  else if (a == activation::relu) backend.map(outputs{gradient}, relu_slope{}, in_view<B>(gradient), out);
}
/// And the sums of its columns, the gradient of a bias.
template <backend B>
void through_activation(B& backend, activation a, out_view<B> gradient, in_view<B> out, out_view<B> sums) {
  if (a == activation::tanh) backend.map_column_sum(gradient, sums, tanh_slope{}, in_view<B>(gradient), out);
  else if (a == activation::relu) backend.map_column_sum(gradient, sums, relu_slope{}, in_view<B>(gradient), out);
  else backend.column_sum(sums, in_view<B>(gradient));
}

/// y = activation(x W + b).
template <backend B>
[[gnu::always_inline]] inline void dense_forward(B& backend, activation a, out_view<B> y, in_view<B> x,
                                                 in_view<B> weight, in_view<B> bias) {
  if (a == activation::tanh) backend.dense(y, x, weight, bias, tanh_of{});
  else if (a == activation::relu) backend.dense(y, x, weight, bias, relu_of{});
  else backend.dense(y, x, weight, bias, linear_of{});
}
/// The gradient of sum(dy (x W + b)) with respect to W and, where it is asked for, x; that of b is the sum of dy's
/// columns.
template <backend B>
void dense_backward(B& backend, in_view<B> x, in_view<B> weight, in_view<B> dy, out_view<B> dweight, out_view<B> dx) {
  backend.matmul(dweight, x.transposed(), dy);
  if (dx) backend.matmul(dx, dy, weight.transposed());
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
