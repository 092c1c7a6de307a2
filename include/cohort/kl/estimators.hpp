#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/scalar/real.hpp>

namespace COHORT_NAMESPACE {

/// What a term may estimate a KL by: a callable of logp and ref_logp, or of these and old_logp.
template <class E>
concept kl_estimator = requires(E const& e, double x) { e(x, x); } || requires(E const& e, double x) { e(x, x, x); };

// Estimators of KL(pi || ref) from one action drawn from pi, with x = log pi(a) - log ref(a), in nats. Source: Schulman
// 2020, "Approximating KL divergence". What their gradients estimate when they stand in a loss is not what their values
// estimate: see each.

/// x: unbiased, of either sign. As a loss its expected gradient is zero: it regularizes nothing.
struct k1 {
  static constexpr about notes{"k1", "x = log pi - log ref", "Schulman 2020, Approximating KL divergence",
                               "verl, TRL (RLOO)"};

  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    return logp - ref_logp;
  }
};

/// x^2 / 2: biased, never negative. As a loss its expected gradient is that of KL(pi || ref) exactly.
struct k2 {
  static constexpr about notes{"k2", "x^2 / 2, x = log pi - log ref", "Schulman 2020, Approximating KL divergence",
                               "verl"};

  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    S x = logp - ref_logp;
    return .5 * (x * x);
  }
};

/// exp(-x) - 1 + x: unbiased, never negative; GRPO's. As a loss its expected gradient is that of the forward KL(ref ||
/// pi). Its relative error near x = 0 is two roundings over |x|, where that of exp(-x) - 1 + x would be two over x^2.
struct k3 {
  static constexpr about notes{"k3", "exp(-x) - 1 + x, x = log pi - log ref",
                               "Schulman 2020, Approximating KL divergence",
                               "TRL, Liger, TorchRL; clamped: verl, OpenRLHF"};

  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    S x = logp - ref_logp;
    return expm1(-x) + x;
  }
};

/// |x|: a distance, of which the expectation is no divergence. As a loss it pushes every drawn action's log-probability
/// to the reference's with the same force; at x = 0 its slope is 0. verl's "abs".
struct absolute_log_ratio {
  static constexpr about notes{"absolute_log_ratio", "|log pi - log ref|", "verl's abs", "verl"};

  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    return abs(S(logp - ref_logp));
  }
};

/// The value of one estimator with the gradient of another. straight_through{k3{}} is verl's "k3+": the unbiased value,
/// and the gradient of k2, which is that of KL(pi || ref).
template <class Value = k3, class Gradient = k2>
struct straight_through {
  Value value{};
  Gradient gradient{};

  static constexpr about notes{"straight_through", "the value of the first, the gradient of the second", "verl's k3+",
                               "verl (k3+)"};
  constexpr void parameters(auto f) const { f("", value), f("", gradient); }

  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    S slope = gradient(logp, ref_logp);
    return stop_gradient(S(value(logp, ref_logp))) + (slope - stop_gradient(slope));
  }
};

/// ratio estimator, ratio = exp(logp - old_logp): right in expectation also for actions that an older policy drew, and
/// as a loss its expected gradient is that of KL(pi || ref) also for k3 and k1. TRL's use_bias_correction_kl (the
/// default of 1.16); DeepSeek-V3.2, arXiv:2512.02556.
template <class Estimator = k3>
struct ratio_corrected {
  Estimator estimator{};

  static constexpr about notes{"ratio_corrected", "ratio KL^, ratio = exp(logp - old_logp)",
                               "DeepSeek-V3.2, arXiv:2512.02556", "exact enumeration; TRL, Liger"};
  constexpr void parameters(auto f) const { f("", estimator); }

  template <class S, class R, class O>
  constexpr S operator()(S const& logp, R const& ref_logp, O const& old_logp) const {
    return exp(S(logp - old_logp)) * estimator(logp, ref_logp);
  }
};

/// No estimator but the divergence itself, of the whole distributions at a step: for kl_in_reward and kl_to_go, on
/// policies that give their distributions. (As a term of an objective it is exact_kl_penalty.)
struct exact_kl {};

/// An estimator of clamp(x, +-log_ratio), itself clamped to +-value; a clamped number has slope 0. verl clamps k3 by 20
/// and 10, OpenRLHF k1, k2 and k3 by none and 10.
template <class Estimator = k3>
struct clamped {
  Estimator estimator{};
  double log_ratio = 20, value = 10;

  static constexpr about notes{"clamped", "KL^ of the clamped log-ratio, clamped", "verl, OpenRLHF", "verl, OpenRLHF"};
  constexpr void parameters(auto f) const { f("", estimator), f("log_ratio", log_ratio), f("value", value); }

  template <class S, class R>
  constexpr S operator()(S const& logp, R const& ref_logp) const {
    return clamp(S(estimator(S(clamp(S(logp - ref_logp), -log_ratio, log_ratio)), R(0))), -value, value);
  }
};

}  // namespace COHORT_NAMESPACE
