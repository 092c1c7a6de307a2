#pragma once
#include <cohort/network/activation.hpp>
#include <cohort/network/layer.hpp>

namespace COHORT_NAMESPACE {

/// A layer of units that read all numbers:
///
///     y = activation(x W + b)
struct dense {
  int units = 64;
  cohort::activation activation = cohort::activation::tanh;

  static constexpr char const* kind = "dense";
  static void numbers(auto& self, auto const& f) { f("units", self.units), f("activation", self.activation); }
  layer_extents extents(layer_extents const&) const {
    detail::require(units > 0, "dense", "units", units, "a positive number");
    return units;
  }
  void arrays(layer_extents const& in, auto const& f) const { f("weight", in.size, units), f("bias", 1, units, 0); }

  template <backend B>
  [[gnu::always_inline]] void forward(B& b, layer_pass<B> const& p) const {
    detail::dense_forward(b, activation, p.y, p.x, p.parameters[0], p.parameters[1]);
  }
  template <backend B>
  void backward(B& b, layer_pass<B> const& p, out_view<B> dy, layer_views<value_t<B>> gradient, out_view<B> dx) const {
    detail::through_activation(b, activation, dy, in_view<B>(p.y), gradient[1]);
    detail::dense_backward(b, p.x, p.parameters[0], in_view<B>(dy), gradient[0], dx);
  }
  /// dy = activation'(y) (x V + c + dx W), V and c what v has in the places of W and b.
  template <backend B>
  void tangent(B& b, layer_pass<B> const& p, layer_views<value_t<B> const> v, in_view<B> dx, out_view<B> dy) const {
    b.dense(dy, p.x, v[0], v[1], detail::linear_of{});
    if (dx) b.matmul(dy, dx, p.parameters[0], true);
    detail::through_activation(b, activation, dy, in_view<B>(p.y));
  }
};

}  // namespace COHORT_NAMESPACE
