#pragma once
#include <array>
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/decoder_norm.hpp>
#include <cohort/language/model/decoder_options.hpp>

namespace COHORT_NAMESPACE {

/// One layer's part of a decoder's parameters, or of their gradient; absent where that is, or where weights lie
/// elsewhere.
template <class U>
struct layer_parameters {
  view<U> all;
  decoder_options const& options;
  layer_places const& places;

  std::ptrdiff_t wide() const { return std::ptrdiff_t(options.heads) * options.size_of_head(); }
  std::ptrdiff_t narrow() const { return std::ptrdiff_t(options.keys()) * options.size_of_head(); }
  std::ptrdiff_t fed() const { return (options.gated ? 2 : 1) * std::ptrdiff_t(options.intermediate); }

  /// Of the four products, as outputs x inputs.
  std::array<view<U>, 4> weights() const {
    using enum decoder_part;
    return {matrix(queries, wide() + 2 * narrow(), options.hidden), matrix(out, options.hidden, wide()),
            matrix(options.gated ? gate : up, fed(), options.hidden),
            matrix(down, options.hidden, options.intermediate)};
  }
  std::array<view<U>, 4> biases() const {
    using enum decoder_part;
    return {vector(query_bias, wide() + 2 * narrow()), vector(out_bias, options.hidden),
            vector(options.gated ? gate_bias : up_bias, fed()), vector(down_bias, options.hidden)};
  }
  norm_weights<U> norm(decoder_part scale, decoder_part shift) const {
    return {vector(scale, options.hidden), vector(shift, options.hidden)};
  }
  norm_weights<U> head_norm(decoder_part scale) const { return {vector(scale, options.size_of_head()), {}}; }

 private:
  bool has(decoder_part p) const { return all && places[p] >= 0; }
  view<U> matrix(decoder_part p, std::ptrdiff_t rows, std::ptrdiff_t columns) const {
    return has(p) ? view<U>(all.data + places[p], rows, columns) : view<U>{};
  }
  view<U> vector(decoder_part p, std::ptrdiff_t n) const {
    return has(p) ? view<U>(all.data + places[p], n) : view<U>{};
  }
};

}  // namespace COHORT_NAMESPACE
