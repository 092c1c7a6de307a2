#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/copies.hpp>
#include <cohort/network/layer_sequence.hpp>
#include <cohort/network/orthogonal.hpp>

namespace COHORT_NAMESPACE::detail {

/// Layers and behind them a linear one, over parameters that lie in somebody else's flat array:
///
///     y = h(x) W + b,    h the layers
///
/// In the array stand the layers' parameters, W (row by row) and b. It holds no numbers, only extents.
template <backend B>
class chain {
 public:
  using T = value_t<B>;
  using trace = layer_trace<B>;

  /// `offset` is where its parameters begin in the flat array.
  chain(layer_sequence<B> hidden, int outputs, std::ptrdiff_t offset)
      : hidden_(std::move(hidden)),
        latents_(hidden_.out().size),
        outputs_(outputs),
        offset_(offset),
        weight_(offset + hidden_.end()) {
    detail::require(outputs > 0, "network", "the number of outputs", outputs, "a positive number");
  }
  int inputs() const { return hidden_.in().size; }
  int outputs() const { return outputs_; }
  std::ptrdiff_t end() const { return weight_ + (std::ptrdiff_t(latents_) + 1) * outputs_; }
  int memory() const { return hidden_.memory(); }
  std::vector<layer_description> description() const { return hidden_.description(); }

  /// Its arrays by name, "0.weight", "0.bias", ..., with places in the flat array.
  std::vector<layer_array> arrays() const {
    auto all = hidden_.arrays();
    std::string const last = std::to_string(hidden_.size());
    all.push_back({last + ".weight", hidden_.end(), latents_, outputs_, true, 0, matrix_place::output});
    all.push_back({last + ".bias", hidden_.end() + std::ptrdiff_t(latents_) * outputs_, 1, outputs_});
    for (auto& a : all) a.first += offset_;
    return all;
  }
  /// f of each matrix, in the order of the array.
  template <class F>
  void for_each_matrix(F f) const {
    for (auto const& a : arrays())
      if (a.is_matrix) f(parameter_matrix{a.first, a.rows, a.columns, a.place, true});
  }

  /// y, R x outputs, inside the trace; with a memory, through t.time.
  view<T> forward(B& b, view<T const> parameters, view<T const> x, trace& t) const {
    view<T const> const h = hidden_.forward(b, of_hidden(parameters), x, t);
    view<T> const y = t.rows_of(b, t.out, x.rows, outputs_);
    b.dense(y, h, weight(parameters), bias(parameters), linear_of{});
    return y;
  }
  /// What its layers remember after each row of the last forward pass of x, R x memory().
  void states(B& b, view<T const> x, trace& t, view<T> out) const { hidden_.states(b, x, t, out); }
  /// y of the last forward pass of R rows.
  view<T> output(std::ptrdiff_t R, trace& t) const { return t.out.matrix(R, outputs_); }
  /// What the layers before the last one gave then; without any, x.
  view<T const> latent(view<T const> x, trace& t) const { return hidden_.output(x, t); }

  /// The gradient of sum(dy y) with respect to the parameters, written to its place in `gradient`, after a forward pass
  /// of the same x. With dlatent it is that of sum(dy y) + sum(dlatent h).
  void backward(B& b, view<T const> parameters, view<T const> x, trace& t, view<T const> dy, view<T> gradient,
                view<T const> dlatent = {}) const {
    bool const goes_on = hidden_.has_parameters();
    view<T> const dh = goes_on ? t.rows_of(b, t.gradient, x.rows, latents_) : view<T>{};
    b.column_sum(bias(gradient), dy);
    dense_backward(b, latent(x, t), weight(parameters), dy, weight(gradient), dh);
    if (!goes_on) return;
    if (dlatent) add_to(b, dh, dlatent);
    hidden_.backward(b, of_hidden(parameters), x, t, dh, of_hidden(gradient), {});
  }

  /// How y changes when the parameters move along v (an array as theirs), R x outputs, inside the trace, after a
  /// forward pass of the same x; and how h does, absent where it does not.
  struct tangents {
    view<T const> y, latent;
  };
  tangents tangent(B& b, view<T const> parameters, view<T const> v, view<T const> x, trace& t) const {
    view<T const> const dh = hidden_.tangent(b, of_hidden(parameters), of_hidden(v), x, t, {});
    view<T> const dy = t.rows_of(b, t.tangent, x.rows, outputs_);
    b.dense(dy, latent(x, t), weight(v), bias(v), linear_of{});
    if (dh) b.matmul(dy, dh, weight(parameters), true);
    return {dy, dh};
  }

  /// Orthogonal matrices of their gain, that of the last layer of `gains` (one for each output), other arrays as
  /// their layers say.
  [[gnu::cold]] void initialize(B& b, std::vector<T>& parameters, std::vector<double> const& gains,
                                std::uint64_t seed) const {
    for (auto const& a : arrays()) {
      T* const to = parameters.data() + a.first;
      bool const last = a.place == matrix_place::output;
      std::fill_n(to, a.size(), T(a.start));
      if (!a.is_matrix) continue;
      random_stream draws(stream_id{seed, draw_purpose::initialization, std::uint32_t(a.first)});
      auto const w = orthogonal(b, a.rows, a.columns, last ? 1. : a.gain, draws);
      for (std::size_t i = 0; i < w.size(); ++i) to[i] = T(w[i] * (last ? gains[i % std::size_t(outputs_)] : 1.));
    }
  }

  /// Of dense layers: weights and biases uniform between +-1 / sqrt(inputs).
  [[gnu::cold]] void initialize_uniform(std::vector<T>& parameters, std::uint64_t seed) const {
    double bound = 0;
    for (auto const& a : arrays()) {
      if (a.is_matrix) bound = 1 / std::sqrt(double(a.rows));
      random_stream draws(stream_id{seed, draw_purpose::initialization, std::uint32_t(a.first)});
      std::generate_n(parameters.data() + a.first, a.size(), [&] { return T(draws.uniform(-bound, bound)); });
    }
  }

 private:
  template <class U>
  U* of_hidden(view<U> all) const {
    return all.data + offset_;
  }
  template <class U>
  view<U> weight(view<U> all) const {
    return {all.data + weight_, latents_, outputs_};
  }
  template <class U>
  view<U> bias(view<U> all) const {
    return {all.data + weight_ + std::ptrdiff_t(latents_) * outputs_, 1, outputs_};
  }

  layer_sequence<B> hidden_;
  int latents_, outputs_;
  std::ptrdiff_t offset_, weight_;  // where its parameters begin, and those of the last layer
};

}  // namespace COHORT_NAMESPACE::detail
