#pragma once
#include <cohort/language/model/layer_product.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <concepts>

namespace COHORT_NAMESPACE {

/// A decoder's numbers, or their gradient: its own and those of adapters. Both may be absent: adapters are off then,
/// and of a gradient there is none for what is frozen.
template <class U>
struct decoder_parameters {
  view<U> own, adapters;
  decoder_parameters() = default;
  template <class V>
    requires std::convertible_to<view<V>, view<U>>
  decoder_parameters(view<V> all, view<V> a = {}) : own(all), adapters(a) {}
};

/// Where a decoder's weights are: in its flat array of parameters, prepared for many products, or in files, of which
/// the array has only the vectors; with adapters beside them where there are any.
template <backend B>
class decoder_weights {
  using T = value_t<B>;

 public:
  decoder_weights() = default;
  decoder_weights(decoder_options const& o, stored_weights weights) : options_(o), stored_(std::move(weights)) {
    o.check();
    places_ = lay_out(o, !stored());
  }

  decoder_options const& options() const { return options_; }
  std::ptrdiff_t parameters() const { return places_.parameters(); }
  bool stored() const { return !stored_.layers.empty(); }
  stored_weights const& in_file() const { return stored_; }
  void adapt(lora_layout const& adapters) { adapters_ = adapters; }

  /// f of each weight, in the order of the array. An embedding that is the head, too, is one of the input.
  template <class F>
  void for_each_matrix(F f) const {
    for (auto const& t : places_.tensors) {
      auto place = t.offset == 0 || t.offset == places_.positions ? matrix_place::input
                   : t.offset == places_.head                     ? matrix_place::output
                                                                  : matrix_place::hidden;
      if (t.columns > 0) f(parameter_matrix{t.offset, t.rows, t.columns, place});
    }
  }

  /// Weights in the form that products like best, for many forward passes with the same parameters; from forget on they
  /// are read where they lie, and the memory is free for activations.
  void prepare(B& backend, view<T const> all) {
    if (stored()) return;
    prepared_.resize(4 * places_.layers.size() + 1);
    factors_.clear();
    auto const add = [&](view<T const> weights) {
      factors_.push_back(backend.prepare(prepared_[factors_.size()], weights.transposed()));
    };
    for (std::size_t l = 0; l < places_.layers.size(); ++l)
      for (auto const& weights : of_layer(all, l).weights()) add(weights);
    add(head(all));
  }
  void forget() { factors_.clear(), prepared_.clear(); }

  layer_weights<B> layer(decoder_parameters<T const> const& all, std::size_t l) const {
    auto const vectors = of_layer(all.own, l);
    auto const biases = vectors.biases(), weights = vectors.weights();
    auto const product = [&](std::size_t k) {
      return layer_product<B>{factor(weights[k], l, k), biases[k], adapters(all.adapters, l, k)};
    };
    return {vectors, product(0), product(1), product(2), product(3)};
  }
  layer_gradient<T> gradient(decoder_parameters<T> const& all, std::size_t l) const {
    auto const vectors = of_layer(all.own, l);
    auto const biases = vectors.biases(), weights = vectors.weights();
    auto const product = [&](std::size_t k) {
      return product_gradient<T>{weights[k], biases[k], adapters(all.adapters, l, k)};
    };
    return {vectors, product(0), product(1), product(2), product(3)};
  }

  /// The head's weights, as a right factor.
  weight_factor<B> head_factor(view<T const> all) const {
    if (stored()) return {&stored_.head, 1};
    return factors_.empty() ? weight_factor<B>::of(head(all)) : weight_factor<B>(factors_.back());
  }
  template <class U>
  view<U> head(view<U> all) const {
    return matrix(all, places_.head, options_.vocabulary);
  }
  template <class U>
  view<U> embedding(view<U> all) const {
    return matrix(all, 0, options_.vocabulary);
  }
  template <class U>
  view<U> positions(view<U> all) const {
    return matrix(all, places_.positions, options_.context);
  }
  void embed(B& b, view<T> rows, view<T const> all, view<std::int32_t const> token) const {
    look_up(b, rows, embedding(all), stored_.embedding, token);
  }
  void place(B& b, view<T> rows, view<T const> all, view<std::int32_t const> position) const {
    look_up(b, rows, positions(all), stored_.positions, position);
  }
  template <class U>
  norm_weights<U> final_norm(view<U> all) const {
    auto const vector = [&](std::ptrdiff_t at) {
      return !all || at < 0 ? view<U>{} : view<U>(all.data + at, options_.hidden);
    };
    return {vector(places_.final_norm), vector(places_.final_shift)};
  }

 private:
  template <class U>
  layer_parameters<U> of_layer(view<U> all, std::size_t l) const {
    return {all, options_, places_.layers[l]};
  }
  template <class U>
  view<U> matrix(view<U> all, std::ptrdiff_t at, std::ptrdiff_t rows) const {
    return !all || stored() ? view<U>{} : view<U>(all.data + at, rows, options_.hidden);
  }
  template <class U>
  low_rank<U> adapters(view<U> all, std::size_t l, std::size_t k) const {
    if (!all || adapters_.layers.empty()) return {};
    return {all, &adapters_.layers[l][k], adapters_.options.rank, adapters_.options.scale()};
  }
  weight_factor<B> factor(view<T const> weights, std::size_t l, std::size_t k) const {
    if (stored()) return {stored_.layers[l][k].data(), stored_.layers[l][k].size()};
    return factors_.empty() ? weight_factor<B>::of(weights) : weight_factor<B>(factors_[4 * l + k]);
  }
  void look_up(B& b, view<T> rows, view<T const> in, stored_matrix const& in_file,
               view<std::int32_t const> index) const {
    if (!stored()) return b.gather(rows, in, index);
    if constexpr (stored_products<B>) b.gather(rows, in_file, index);
  }

  decoder_options options_;
  decoder_layout places_;
  stored_weights stored_;
  lora_layout adapters_;
  std::vector<typename B::factor> factors_;
  std::vector<typename B::template array<T>> prepared_;
};

}  // namespace COHORT_NAMESPACE
