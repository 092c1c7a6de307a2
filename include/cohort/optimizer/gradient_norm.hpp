#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/units.hpp>
#include <limits>
#include <span>

namespace COHORT_NAMESPACE {

namespace detail {

struct norm_scale {
  double limit;
  template <class S>
  constexpr S operator()(S squares) const {
    return min(S(1), limit / (sqrt(squares) + 1e-6));
  }
};

/// The square of an element in a unit, and that of what a limit leaves of it.
struct squares_before_and_after {
  double limit, unit = 1;
  template <class S>
  constexpr several<S, 2> operator()(S element) const {
    S g = unit * element, clipped = clamp(g, -limit * unit, limit * unit);
    return {{g * g, clipped * clipped}};
  }
};

}  // namespace detail

/// squares[0] = |g|^2 and scale[0] = min(1, limit / (|g| + 1e-6)): the factor that keeps the global norm of the
/// gradient below the limit. The 1e-6 is torch's. A limit of infinity leaves the gradient as it is.
///
/// Source: Pascanu et al. 2013, arXiv:1211.5063.
template <backend B>
void gradient_norm_scale(B& backend, double limit, in_view<B> gradient, out_view<B> squares, out_view<B> scale) {
  using T = value_t<B>;
  backend.reduce(squares, detail::squared{}, gradient);
  backend.map(outputs{scale}, detail::norm_scale{limit}, view<T const>(squares));
}

/// What limits a gradient before an optimizer's step: each element to -value ... value (torch's clip_grad_value_), then
/// the global norm of those. Infinity is no limit. Neither takes a pass of its own over the gradient: the elements are
/// clipped and scaled where the optimizer reads them.
struct gradient_limits {
  double norm = std::numeric_limits<double>::infinity();
  double value = std::numeric_limits<double>::infinity();

  /// squares[0] = |g|^2 of the gradient as it is, and scale[0] for what is left of it.
  template <backend B>
  void measure(B& backend, in_view<B> gradient, out_view<B> squares, out_view<B> scale) const {
    using T = value_t<B>;
    if (value == std::numeric_limits<double>::infinity())
      return gradient_norm_scale(backend, norm, gradient, squares, scale);
    auto both = backend.template temporary<T>(2);
    backend.reduce(both.all(), detail::squares_before_and_after{value}, gradient);
    detail::copy_to(backend, squares, both.all().part(0, 1));
    backend.map(outputs{scale}, detail::norm_scale{norm}, view<T const>(both.all().part(1, 1)));
  }

  /// |g| of a gradient that was measured, on the host: finite where all elements are, though their squares may not be;
  /// scale[0] is then written anew.
  template <backend B>
  double norm_of(B& backend, in_view<B> gradient, in_view<B> squares, out_view<B> scale) const {
    using T = value_t<B>;
    T found[1];
    backend.download(std::span<T>(found), squares);
    if (std::isfinite(found[0])) return std::sqrt(double(found[0]));
    constexpr double unit = detail::small_unit<T>;
    auto both = backend.template temporary<T>(2);
    backend.reduce(both.all(), detail::squares_before_and_after{value, unit}, gradient);
    T sums[2];
    backend.download(std::span<T>(sums), view<T const>(both.all()));
    T factor[1] = {T(std::min(1., norm / (std::sqrt(double(sums[1])) / unit + 1e-6)))};
    backend.upload(scale, std::span<T const>(factor));
    return std::sqrt(double(sums[0])) / unit;
  }
};

}  // namespace COHORT_NAMESPACE
