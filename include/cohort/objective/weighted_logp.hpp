#pragma once
#include <cohort/scalar/real.hpp>

namespace COHORT_NAMESPACE::detail {

/// The number in a scalar, without its tangents; of one that autograd follows, detached.
template <class S>
constexpr constant_t<S> constant_of(S const& x) {
  if constexpr (std::is_same_v<S, constant_t<S>>) return stop_gradient(x);
  else return x.value;
}

/// coefficient logp, the coefficient a constant: the policy gradient of a step. A coefficient of 0 costs nothing, even
/// where logp is -inf. A dual after stop_gradient would not do: its tangents are 0, and 0 times -inf is a NaN in a
/// gradient that is finite.
template <class S>
constexpr S weighted_logp(constant_t<S> const& coefficient, S const& logp) {
  return select(coefficient == constant_t<S>(0), S(0), S(coefficient * logp));
}

}  // namespace COHORT_NAMESPACE::detail
