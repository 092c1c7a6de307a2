#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/decoder_norm.hpp>
#include <cohort/language/model/decoder_options.hpp>
#include <cohort/language/model/weight_factor.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class T>
view<T> columns_of(view<T> m, std::ptrdiff_t first, std::ptrdiff_t count) {
  return {m.data + first, m.rows, count, m.row_stride, m.column_stride};
}

}  // namespace detail

/// One layer's part of a decoder's parameters, or of their gradient.
template <class U>
struct layer_parameters {
  view<U> all;
  decoder_options const& options;
  layer_places const& places;

  std::ptrdiff_t wide() const { return std::ptrdiff_t(options.heads) * options.size_of_head(); }
  std::ptrdiff_t narrow() const { return std::ptrdiff_t(options.keys()) * options.size_of_head(); }
  std::ptrdiff_t fed() const { return (options.gated ? 2 : 1) * std::ptrdiff_t(options.intermediate); }

  // The four products, as outputs x inputs.
  view<U> qkv() const { return matrix(decoder_part::queries, wide() + 2 * narrow(), options.hidden); }
  view<U> out() const { return matrix(decoder_part::out, options.hidden, wide()); }
  view<U> up() const { return matrix(options.gated ? decoder_part::gate : decoder_part::up, fed(), options.hidden); }
  view<U> down() const { return matrix(decoder_part::down, options.hidden, options.intermediate); }

  // Their biases; empty where there are none.
  view<U> qkv_bias() const { return vector(decoder_part::query_bias, wide() + 2 * narrow()); }
  view<U> out_bias() const { return vector(decoder_part::out_bias, options.hidden); }
  view<U> up_bias() const { return vector(options.gated ? decoder_part::gate_bias : decoder_part::up_bias, fed()); }
  view<U> down_bias() const { return vector(decoder_part::down_bias, options.hidden); }

  norm_weights<U> norm(decoder_part scale, decoder_part shift) const {
    return {vector(scale, options.hidden), vector(shift, options.hidden)};
  }
  norm_weights<U> head_norm(decoder_part scale) const { return {vector(scale, options.size_of_head()), {}}; }

 private:
  view<U> matrix(decoder_part p, std::ptrdiff_t rows, std::ptrdiff_t columns) const {
    return {all.data + places[p], rows, columns};
  }
  view<U> vector(decoder_part p, std::ptrdiff_t n) const {
    return places[p] < 0 ? view<U>{} : view<U>(all.data + places[p], n);
  }
};

namespace detail {

/// y = or += x W' + bias.
template <backend B, class T = value_t<B>>
void affine(B& b, view<T> y, view<T const> x, weight_factor<B> const& weights, view<T const> bias, bool add) {
  if (bias && add) add_to(b, y, as_rows(bias, y.rows));
  if (bias && !add) copy_to(b, y, as_rows(bias, y.rows));
  weights.multiply(b, y, x, add || bool(bias));
}
/// Adds to the gradients of W and of the bias, given that of y.
template <backend B, class T = value_t<B>>
void affine_backward(B& b, view<T> dw, view<T> dbias, view<T const> dy, view<T const> x) {
  b.matmul(dw, dy.transposed(), x, true);
  if (!dbias) return;
  auto sums = b.template temporary<T>(dy.columns);
  b.column_sum(sums.matrix(1, dy.columns), dy);
  add_to(b, dbias, view<T const>(sums.all()));
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
