#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/backend/memory.hpp>
#include <cohort/compiler.hpp>
#include <cohort/network/orthogonal.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <vector>

namespace COHORT_NAMESPACE {

enum class activation { tanh, relu };

namespace detail {

// Not in the class, whose member `outputs` nvcc would find here.
template <backend B>
void add_to(B& backend, out_view<B> sum, in_view<B> more) {
  backend.map(outputs{sum}, plus{}, in_view<B>(sum), more);
}
/// Takes a gradient through an activation, by what came out of it.
template <backend B>
void through_activation(B& backend, activation a, out_view<B> gradient, in_view<B> out) {
  if (a == activation::tanh) backend.map(outputs{gradient}, tanh_slope{}, in_view<B>(gradient), out);
  else backend.map(outputs{gradient}, relu_slope{}, in_view<B>(gradient), out);
}

}  // namespace detail

/// A multilayer perceptron over parameters that lie in somebody else's flat array:
///
///     h_0 = x (R x D),   h_l = activation(h_{l-1} W_l + b_l),   y = h_L W_{L+1} + b_{L+1}
///
/// In the array stand W_1 (inputs x outputs, row by row), b_1, W_2, ... It holds no numbers, only extents.
class mlp {
 public:
  mlp() = default;
  /// sizes: D, the hidden layers, the outputs. `offset` is where its parameters begin.
  mlp(std::vector<int> sizes, activation hidden, std::ptrdiff_t offset)
      : sizes_(std::move(sizes)), activation_(hidden) {
    for (int s : sizes_) detail::require(s > 0, "mlp", "a layer's width", s, "a positive number");
    double weights = 0;
    std::string widths;
    for (std::size_t l = 0; l < sizes_.size(); ++l) {
      widths += (l ? ", " : "") + std::to_string(sizes_[l]);
      if (l > 0) weights += (sizes_[l - 1] + 1.) * sizes_[l];
    }
    detail::require_memory("mlp: the parameters of layers of width " + widths + " in float", 4 * weights);
    for (std::size_t l = 0; l + 1 < sizes_.size(); ++l) {
      offsets_.push_back(offset);
      offset += (std::ptrdiff_t(sizes_[l]) + 1) * sizes_[l + 1];
    }
    offsets_.push_back(offset);
  }
  int layers() const { return int(sizes_.size()) - 1; }
  int inputs() const { return sizes_.front(); }
  int outputs() const { return sizes_.back(); }
  std::ptrdiff_t end() const { return offsets_.back(); }  ///< where the parameters behind its own begin

  template <class T>
  view<T> weight(view<T> parameters, std::size_t layer) const {
    return {parameters.data + offsets_[layer], sizes_[layer], sizes_[layer + 1]};
  }
  template <class T>
  view<T> bias(view<T> parameters, std::size_t layer) const {
    return {parameters.data + offsets_[layer] + std::ptrdiff_t(sizes_[layer]) * sizes_[layer + 1], 1,
            sizes_[layer + 1]};
  }

  /// f of each weight, in the order of the array.
  template <class F>
  void for_each_matrix(F f) const {
    for (std::size_t l = 0; l < count(); ++l) {
      auto place = l + 1 == count() ? matrix_place::output : l == 0 ? matrix_place::input : matrix_place::hidden;
      f(parameter_matrix{offsets_[l], sizes_[l], sizes_[l + 1], place, true});
    }
  }

  /// f("0.weight", offset, inputs, outputs), f("0.bias", offset, 1, outputs), f("1.weight", ...), ...
  template <class F>
  void for_each_array(F f) const {
    for (std::size_t l = 0; l < count(); ++l) {
      auto const weights = std::ptrdiff_t(sizes_[l]) * sizes_[l + 1];
      f(std::to_string(l) + ".weight", offsets_[l], sizes_[l], sizes_[l + 1]);
      f(std::to_string(l) + ".bias", offsets_[l] + weights, 1, sizes_[l + 1]);
    }
  }

  /// What a pass leaves behind for the backward pass: the outputs of each layer, and room for gradients and tangents.
  template <backend B>
  struct trace {
    std::vector<typename B::template array<value_t<B>>> out, gradient, tangent;
    std::ptrdiff_t rows = 0;
  };

  /// y, R x outputs, inside the trace.
  template <backend B>
  out_view<B> forward(B& backend, in_view<B> parameters, in_view<B> x, trace<B>& t) const {
    using T = value_t<B>;
    t.out.resize(count());
    t.rows = x.rows;
    for (std::size_t l = 0; l < count(); ++l) {
      backend.resize(t.out[l], x.rows * sizes_[l + 1]);
      view<T> out = t.out[l].matrix(x.rows, sizes_[l + 1]);
      if (l + 1 == count()) backend.dense(out, x, weight(parameters, l), bias(parameters, l), detail::linear_of{});
      else if (activation_ == activation::tanh)
        backend.dense(out, x, weight(parameters, l), bias(parameters, l), detail::tanh_of{});
      else backend.dense(out, x, weight(parameters, l), bias(parameters, l), detail::relu_of{});
      x = out;
    }
    return t.out.back().matrix(t.rows, outputs());
  }

  /// The gradient of sum(dy y) with respect to the parameters, written to its place in `gradient`, after a forward pass
  /// of the same x. With dlatent it is that of sum(dy y) + sum(dlatent h_L).
  template <backend B>
  void backward(B& backend, in_view<B> parameters, in_view<B> x, trace<B>& t, in_view<B> dy, out_view<B> gradient,
                in_view<B> dlatent = {}) const {
    using T = value_t<B>;
    t.gradient.resize(count());
    for (std::size_t l = count(); l-- > 0;) {
      view<T const> in = l == 0 ? x : view<T const>(t.out[l - 1].matrix(t.rows, sizes_[l]));
      backend.matmul(weight(gradient, l), in.transposed(), dy);
      backend.column_sum(bias(gradient, l), dy);
      if (l == 0) break;
      backend.resize(t.gradient[l], t.rows * sizes_[l]);
      view<T> dx = t.gradient[l].matrix(t.rows, sizes_[l]);
      backend.matmul(dx, dy, weight(parameters, l).transposed());
      if (dlatent && l + 1 == count()) detail::add_to(backend, dx, dlatent);
      detail::through_activation(backend, activation_, dx, in);
      dy = dx;
    }
  }

  /// The directional derivative of y when the parameters move along v (an array as theirs), R x outputs, inside the
  /// trace, after a forward pass of the same x:
  ///
  ///     dh_l = activation'(h_l) (h_{l-1} V_l + c_l + dh_{l-1} W_l),    dh_0 = 0,
  ///     V_l and c_l what v has in the places of W_l and b_l
  template <backend B>
  out_view<B> tangent(B& backend, in_view<B> parameters, in_view<B> v, in_view<B> x, trace<B>& t) const {
    using T = value_t<B>;
    t.tangent.resize(count());
    view<T> dout;
    for (std::size_t l = 0; l < count(); ++l) {
      view<T const> din = dout;
      backend.resize(t.tangent[l], t.rows * sizes_[l + 1]);
      dout = t.tangent[l].matrix(t.rows, sizes_[l + 1]);
      backend.dense(dout, x, weight(v, l), bias(v, l), detail::linear_of{});
      if (l > 0) backend.matmul(dout, din, weight(parameters, l), true);
      if (l + 1 == count()) break;
      x = t.out[l].matrix(t.rows, sizes_[l + 1]);
      detail::through_activation(backend, activation_, dout, x);
    }
    return dout;
  }

  /// Orthogonal weights of gain sqrt(2) for hidden layers and `gains` for the outputs (one for each output), zero
  /// biases.
  template <backend B, class T = value_t<B>>
  [[gnu::cold]] void initialize(B& backend, std::vector<T>& parameters, std::vector<double> const& gains,
                                std::uint64_t seed) const {
    for (std::size_t l = 0; l < count(); ++l) {
      bool last = l + 1 == count();
      random_stream draws(stream_id{seed, draw_purpose::initialization, std::uint32_t(offsets_[l])});
      auto w = orthogonal(backend, sizes_[l], sizes_[l + 1], last ? 1. : std::sqrt(2.), draws);
      auto first = std::size_t(offsets_[l]), C = std::size_t(sizes_[l + 1]);
      for (std::size_t i = 0; i < w.size(); ++i) parameters[first + i] = T(w[i] * (last ? gains[i % C] : 1.));
      for (std::size_t c = 0; c < C; ++c) parameters[first + w.size() + c] = T(0);
    }
  }

 private:
  std::size_t count() const { return sizes_.empty() ? 0 : sizes_.size() - 1; }

  std::vector<int> sizes_;
  activation activation_ = activation::tanh;
  std::vector<std::ptrdiff_t> offsets_;
};

}  // namespace COHORT_NAMESPACE
