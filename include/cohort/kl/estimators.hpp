#pragma once

namespace cohort {

// Estimators of KL(pi || ref) from one action drawn from pi, with x = log pi(a) - log ref(a), in nats. Source: Schulman 2020, "Approximating KL
// divergence". What their gradients estimate when they stand in a loss is not what their values estimate: see each.

/// x: unbiased, of either sign. As a loss its expected gradient is zero: it regularizes nothing.
struct k1 {
  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    return logp - ref_logp;
  }
};

/// x^2 / 2: biased, never negative. As a loss its expected gradient is that of KL(pi || ref) exactly.
struct k2 {
  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    S x = logp - ref_logp;
    return .5 * (x * x);
  }
};

/// exp(-x) - 1 + x: unbiased, never negative; GRPO's. As a loss its expected gradient is that of the forward KL(ref || pi). Its relative error
/// near x = 0 is two roundings over |x|, where that of exp(-x) - 1 + x would be two over x^2.
struct k3 {
  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    S x = logp - ref_logp;
    return expm1(-x) + x;
  }
};

}  // namespace cohort
