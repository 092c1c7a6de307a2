#pragma once
#include <cohort/network/built_layer.hpp>
#include <cohort/network/recurrent.hpp>

namespace COHORT_NAMESPACE::detail {

/// A layer of a recurrent cell.
template <backend B, class Cell>
class built_recurrent final : public built_layer<B> {
 public:
  using typename built_layer<B>::T;
  using typename built_layer<B>::trace;

  built_recurrent(Cell const& cell, layer_extents const& i, std::vector<layer_array> arrays)
      : built_layer<B>(i, cell.units), cell_(cell), arrays_(std::move(arrays)) {}

  std::vector<layer_array> arrays() const override { return arrays_; }
  layer_description description() const override { return description_of(cell_); }
  int memory() const override { return Cell::states * cell_.units; }
  void forward(B& b, T const* parameters, view<T const> x, view<T> y, trace& t) const override {
    auto const p = pass(parameters, x, y, t);
    recurrent_passes(b, cell_, p).forward();
  }
  void states(B& b, view<T const> x, view<T> y, trace& t, view<T> remembered) const override {
    auto const p = pass(nullptr, x, y, t);
    recurrent_passes(b, cell_, p).states(remembered);
  }
  void backward(B& b, T const* parameters, view<T const> x, view<T> y, trace& t, view<T> dy, T* gradient,
                view<T> dx) const override {
    auto const p = pass(parameters, x, y, t);
    recurrent_passes(b, cell_, p).backward(dy, layer_views<T>(gradient, arrays_), dx);
  }
  void tangent(B& b, T const* parameters, T const* v, view<T const> x, view<T> y, trace& t, view<T const> dx,
               view<T> dy) const override {
    auto const p = pass(parameters, x, y, t);
    recurrent_passes(b, cell_, p).tangent(layer_views<T const>(v, arrays_), dx, dy);
  }

 private:
  layer_pass<B> pass(T const* parameters, view<T const> x, view<T> y, trace& t) const {
    return {this->in, this->out, x, y, {parameters, arrays_}, t};
  }

  Cell cell_;
  std::vector<layer_array> arrays_;
};

}  // namespace COHORT_NAMESPACE::detail
