#pragma once
#include <cohort/backend/concept.hpp>
#include <limits>

namespace COHORT_NAMESPACE::detail {

/// An optimizer's formula of (g, parameter, state...) with g as clipping leaves it: times the scale that keeps its
/// norm.
template <class F>
struct on_scaled_gradient {
  F f;
  template <class S, class... X>
  constexpr auto operator()(S gradient, S scale, X... rest) const {
    return f(gradient * scale, rest...);
  }
};
/// And within a limit before that.
template <class F>
struct on_clipped_gradient {
  F f;
  double limit;
  template <class S, class... X>
  constexpr auto operator()(S gradient, S scale, X... rest) const {
    return f(clamp(gradient, -limit, limit) * scale, rest...);
  }
};

inline constexpr double no_limit = std::numeric_limits<double>::infinity();

/// One pass over all parameters: outputs = f(g, in...). Without a limit it does without the comparisons.
template <backend B, class F, class... Out, class... In>
void optimizer_pass(B& backend, in_view<B> gradient, in_view<B> scale, double limit, F f, outputs<Out...> out,
                    view<In>... in) {
  if (limit == no_limit) backend.map(out, on_scaled_gradient<F>{f}, gradient, broadcast(scale, gradient.rows), in...);
  else backend.map(out, on_clipped_gradient<F>{f, limit}, gradient, broadcast(scale, gradient.rows), in...);
}

}  // namespace COHORT_NAMESPACE::detail
