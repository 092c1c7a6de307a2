#pragma once
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE::detail {

/// SwiGLU's product: silu(gate) up, with silu(x) = x sigmoid(x). Shazeer 2020, arXiv:2002.05202, eq. 5.
struct gated {
  constexpr auto operator()(auto gate, auto up) const { return gate * sigmoid(gate) * up; }
};

/// Its gradient with respect to gate and up, and the product again.
struct gated_slope {
  template <class S>
  constexpr several<S, 3> operator()(S gate, S up, S dy) const {
    S s = sigmoid(gate), silu = gate * s;
    return {{dy * up * (s + silu * (1 - s)), dy * silu, silu * up}};
  }
};

}  // namespace COHORT_NAMESPACE::detail
