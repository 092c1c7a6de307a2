#pragma once
#include <cohort/language/model/layer_product.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class A>
struct gated {
  A activation;
  constexpr auto operator()(auto gate, auto up) const { return activation(gate) * up; }
};
/// The gradient with respect to gate and up, and the product again.
template <class A>
struct gated_slope {
  A activation;
  template <class S>
  constexpr several<S, 3> operator()(S gate, S up, S dy) const {
    auto const [value, slope] = activation.with_slope(gate);
    return {{dy * up * slope, dy * value, value * up}};
  }
};
/// The gradient with respect to the activation's argument, and its value again.
template <class A>
struct activation_slope {
  A activation;
  template <class S>
  constexpr several<S, 2> operator()(S x, S dy) const {
    auto const [value, slope] = activation.with_slope(x);
    return {{dy * slope, value}};
  }
};

}  // namespace detail

/// A decoder's layer for each token by itself: (act(x W_gate') (x W_up')) W_down', or act(x W_up') W_down', with biases
/// where the options say so. The backward pass computes activations again.
///
/// Source: Shazeer 2020, arXiv:2002.05202, eq. 6 (SwiGLU, GeGLU).
template <backend B>
class feed_forward {
  using T = value_t<B>;

 public:
  /// y = or += the layer of x.
  void forward(B& b, layer_weights<B> const& weights, view<T const> x, view<T> y, bool add) {
    auto const& w = weights.vectors;
    std::ptrdiff_t const R = x.rows, I = w.options.intermediate;
    b.resize(fed_, R * w.fed());
    view<T> const fed = fed_.matrix(R, w.fed());
    weights.up.forward(b, fed, x, false);
    auto room = b.template temporary<T>(R * I);
    view<T> const inner = room.matrix(R, I);
    detail::with_activation(w.options.activation, [&](auto activation) {
      auto const half = [&](int k) { return view<T const>(fed.columns_part(k * I, I)); };
      if (w.options.gated) b.map(outputs{inner}, detail::gated{activation}, half(0), half(1));
      else b.map(outputs{inner}, activation, half(0));
    });
    weights.down.forward(b, y, view<T const>(inner), add);
  }

  /// Adds to `gradient`, given dy. normed(x) writes the layer's input into x, in whose place comes its gradient.
  template <class F>
  void backward(B& b, layer_weights<B> const& weights, layer_gradient<T> const& gradient, view<T const> dy, view<T> x,
                F normed) {
    auto const& w = weights.vectors;
    std::ptrdiff_t const R = dy.rows, I = w.options.intermediate;
    auto room = b.template temporary<T>(R * (I + w.fed()));
    view<T> const inner(room.all().data, R, I), dfed(inner.data + R * I, R, w.fed());
    view<T const> const fed = fed_.matrix(R, w.fed());
    weights.down.backward(b, inner, dy);
    detail::with_activation(w.options.activation, [&](auto activation) {
      auto const half = [&](auto const& m, int k) { return m.columns_part(k * I, I); };
      if (w.options.gated)
        b.map(outputs{half(dfed, 0), half(dfed, 1), inner}, detail::gated_slope{activation}, half(fed, 0), half(fed, 1),
              view<T const>(inner));
      else b.map(outputs{dfed, inner}, detail::activation_slope{activation}, fed, view<T const>(inner));
    });
    weights.down.add_gradient(b, gradient.down, dy, view<T const>(inner));
    normed(x);
    weights.up.add_gradient(b, gradient.up, view<T const>(dfed), view<T const>(x));
    weights.up.backward(b, x, view<T const>(dfed));
  }

  std::ptrdiff_t size() const { return fed_.size(); }

 private:
  typename B::template array<T> fed_;
};

}  // namespace COHORT_NAMESPACE
