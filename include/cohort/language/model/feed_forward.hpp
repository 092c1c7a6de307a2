#pragma once
#include <cohort/language/model/layer_parameters.hpp>

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
  void forward(B& b, layer_parameters<T const> const& w, weight_factor<B> const& up, weight_factor<B> const& down,
               view<T const> x, view<T> y, bool add) {
    std::ptrdiff_t const R = x.rows, I = w.options.intermediate;
    b.resize(fed_, R * w.fed());
    view<T> const fed = fed_.matrix(R, w.fed());
    detail::affine(b, fed, x, up, w.up_bias(), false);
    auto room = b.template temporary<T>(R * I);
    view<T> const inner = room.matrix(R, I);
    detail::with_activation(w.options.activation, [&](auto activation) {
      auto const half = [&](int k) { return view<T const>(detail::columns_of(fed, k * I, I)); };
      if (w.options.gated) b.map(outputs{inner}, detail::gated{activation}, half(0), half(1));
      else b.map(outputs{inner}, activation, half(0));
    });
    detail::affine(b, y, view<T const>(inner), down, w.down_bias(), add);
  }

  /// Adds to `gradient`, given dy. normed(x) writes the layer's input into x, in whose place comes its gradient.
  template <class F>
  void backward(B& b, layer_parameters<T const> const& w, layer_parameters<T> const& gradient, view<T const> dy,
                view<T> x, F normed) {
    std::ptrdiff_t const R = dy.rows, I = w.options.intermediate;
    auto room = b.template temporary<T>(R * (I + w.fed()));
    view<T> const inner(room.all().data, R, I), dfed(inner.data + R * I, R, w.fed());
    view<T const> const fed = fed_.matrix(R, w.fed());
    b.matmul(inner, dy, w.down());
    detail::with_activation(w.options.activation, [&](auto activation) {
      auto const half = [&](auto const& m, int k) { return detail::columns_of(m, k * I, I); };
      if (w.options.gated)
        b.map(outputs{half(dfed, 0), half(dfed, 1), inner}, detail::gated_slope{activation}, half(fed, 0), half(fed, 1),
              view<T const>(inner));
      else b.map(outputs{dfed, inner}, detail::activation_slope{activation}, fed, view<T const>(inner));
    });
    detail::affine_backward(b, gradient.down(), gradient.down_bias(), dy, view<T const>(inner));
    normed(x);
    detail::affine_backward(b, gradient.up(), gradient.up_bias(), view<T const>(dfed), view<T const>(x));
    b.matmul(x, view<T const>(dfed), w.up());
  }

  std::ptrdiff_t size() const { return fed_.size(); }

 private:
  typename B::template array<T> fed_;
};

}  // namespace COHORT_NAMESPACE
