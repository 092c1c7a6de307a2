#pragma once
#include <cohort/sampler/independent.hpp>

namespace COHORT_NAMESPACE {

/// A bit, 1 with probability p = sigmoid(l); independent<bernoulli, T, N> is N of them.
///
///     log p(1) = -softplus(-l),   log p(0) = -softplus(l),   H = softplus(-|l|) + |l| sigmoid(-|l|)
///     d log p(a) / dl = a - p,    dH / dl = -l p (1 - p),    KL(p || q) = sum_a p(a) (log p(a) - log q(a))
///
/// A logit of +-inf makes the bit sure; its entropy is 0 and so is every derivative. The mode is 1 where l > 0.
struct bernoulli {
  static constexpr int parameters = 1, uniforms = 1;
  static constexpr bool bounded = false;
  template <class T>
  using action = std::int32_t;

  template <class V, class S>
  constexpr V logp(several<V, 1> const& l, S a) const {
    return -softplus(select(a == 1, -l[0], l[0]));
  }
  template <class V, class S>
  constexpr V entropy(several<V, 1> const& l, S) const {
    V x = abs(l[0]), rarer = sigmoid(-x);
    return softplus(-x) + select(rarer == 0, V(0), x * rarer);
  }
  template <class S>
  constexpr S draw(several<S, 1> const& l, several<S, 1> const& uniform) const {
    return select(uniform[0] < sigmoid(l[0]), S(1), S(0));
  }
  template <class S>
  constexpr S mode(several<S, 1> const& l) const {
    return select(l[0] > 0, S(1), S(0));
  }
  template <class P, class Q>
  constexpr wider<P, Q> kl_to(several<P, 1> const& l, several<Q, 1> const& other) const {
    using V = wider<P, Q>;
    P one = sigmoid(l[0]), zero = sigmoid(-l[0]);
    return select(one == 0, V(0), V(one * (softplus(-other[0]) - softplus(-l[0])))) +
           select(zero == 0, V(0), V(zero * (softplus(other[0]) - softplus(l[0]))));
  }
};

}  // namespace COHORT_NAMESPACE
