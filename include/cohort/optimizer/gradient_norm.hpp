#pragma once
#include <cohort/backend/concept.hpp>

namespace cohort {

namespace detail {

struct norm_scale {
  double limit;
  template <class S>
  constexpr S operator()(S squares) const {
    return min(S(1), limit / (sqrt(squares) + 1e-6));
  }
};

}  // namespace detail

/// squares[0] = |g|^2 and scale[0] = min(1, limit / (|g| + 1e-6)): the factor that keeps the global norm of the gradient below the limit. The
/// 1e-6 is torch's. A limit of infinity leaves the gradient as it is.
///
/// Source: Pascanu et al. 2013, arXiv:1211.5063.
template <backend B>
void gradient_norm_scale(B& backend, double limit, in_view<B> gradient, out_view<B> squares, out_view<B> scale) {
  using T = value_t<B>;
  backend.reduce(squares, detail::squared{}, gradient);
  backend.map(outputs{scale}, detail::norm_scale{limit}, view<T const>(squares));
}

}  // namespace cohort
