#pragma once
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/independent.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2), x >= 1: what is left of it once the terms are taken out that
/// cancel in a beta function.
template <class V>
constexpr V stirling_rest(V const& x) {
  V r = 1 / x, q = r * r;
  V series = r * (1. / 12 - q * (1. / 360 - q * (1. / 1260 - q * (1. / 1680 - q * (1. / 1188 - q * (691. / 360360))))));
  return select(x > 8, series, lgamma(x) - ((x - .5) * log(x) - x + half_log_two_pi));
}
/// digamma(x) - log x, x >= 1.
template <class V>
constexpr V digamma_rest(V const& x) {
  V r = 1 / x, q = r * r;
  V series =
      -.5 * r - q * (1. / 12 - q * (1. / 120 - q * (1. / 252 - q * (1. / 240 - q * (1. / 132 - q * (691. / 32760))))));
  return select(x > 8, series, digamma(x) - log(x));
}

/// The logarithm of a gamma number of this shape, >= 1. At least 19 of 20 candidates are accepted, so that 64 always
/// do; a NaN comes to an end too. Source: Marsaglia and Tsang 2000, "A simple method for generating gamma variables".
constexpr real<double> log_gamma_draw(real<double> shape, random_stream& draws) {
  using S = real<double>;
  S d = shape - 1. / 3, c = 1 / sqrt(9 * d), result = log(d);
  for (int i = 0; i < 64; ++i) {
    S z = draws.normal(), log_u = log(S(draws.uniform())), step = c * z;
    if (!(step > -1).value) continue;
    S log_v = 3 * log1p(step);
    if (!(log_u < .5 * (z * z) + d * (log_v - expm1(log_v))).value) continue;
    result += log_v;
    break;
  }
  return result;
}

/// The shapes and what the formulas have in common: logarithms of the mean and of 1 less the mean.
template <class V>
struct beta_shapes {
  V a, b, total, log_mean, log_rest;
  constexpr explicit beta_shapes(several<V, 2> const& p)
      : a(1 + softplus(p[0])), b(1 + softplus(p[1])), total(a + b), log_mean(-log1p(b / a)), log_rest(-log1p(a / b)) {}
  constexpr V rests() const { return stirling_rest(a) + stirling_rest(b) - stirling_rest(total); }
};

}  // namespace detail

/// A number between bounds, x = (a - low) / (high - low) distributed as Beta(alpha, beta), alpha = 1 + softplus(p_0)
/// and beta = 1 + softplus(p_1): one hump, and nothing of it beyond the bounds.
///
///     log p(a) = (alpha - 1) log x + (beta - 1) log(1 - x) - log B(alpha, beta) - log(high - low)
///     H = log B - (alpha - 1) digamma(alpha) - (beta - 1) digamma(beta) + (alpha + beta - 2) digamma(alpha + beta)
///         + log(high - low)
///     KL(p || q) = log(B_q / B_p) + (a_p - a_q) digamma(a_p) + (b_p - b_q) digamma(b_p)
///                  + (a_q - a_p + b_q - b_p) digamma(a_p + b_p)
///
/// each written so that what is large cancels before it is computed: shapes of 10^6 cost no digits. u = log x - log(1 -
/// x) is kept with the action (see independent.hpp), so nothing is lost at the bounds. A sample is made of two gamma
/// numbers, by rejection, in double. The mode is (alpha - 1) / (alpha + beta - 2), the middle where both are 1.
///
/// Source: Chou, Maturana and Scherer 2017, "Improving stochastic policy gradients in continuous control with deep
/// reinforcement learning using the beta distribution".
struct beta_distribution {
  static constexpr int parameters = 2, uniforms = 0;
  static constexpr bool bounded = true;
  template <class T>
  using action = T;

  template <class S>
  constexpr S unit(S const& u) const {
    return sigmoid(u);
  }
  template <class V, class S>
  constexpr V logp(several<V, 2> const& p, S u) const {
    detail::beta_shapes<V> s(p);
    S log_x = -softplus(-u), log_y = -softplus(u);
    // log x - log mean and log(1 - x) - log(1 - mean), from how far u is from the mean's: of large shapes the two times
    // them almost cancel.
    V off = u - log(s.a / s.b);
    auto close = (off < 20) & (off > -20);
    V above = select(close, -log1p(s.b / s.total * expm1(-off)), log_x - s.log_mean),
      below = select(close, -log1p(s.a / s.total * expm1(off)), log_y - s.log_rest);
    return s.a * above + s.b * below - (log_x + log_y) + .5 * (s.log_mean + s.log_rest + log(s.total)) -
           detail::half_log_two_pi - s.rests();
  }
  template <class V, class S>
  constexpr V entropy(several<V, 2> const& p, S) const {
    detail::beta_shapes<V> s(p);
    return s.rests() + detail::half_log_two_pi + .5 * (s.log_mean + s.log_rest - log(s.total)) -
           (s.a - 1) * detail::digamma_rest(s.a) - (s.b - 1) * detail::digamma_rest(s.b) +
           (s.total - 2) * detail::digamma_rest(s.total);
  }
  constexpr real<double> draw(several<real<double>, 2> const& p, random_stream& draws) const {
    detail::beta_shapes<real<double>> s(p);
    real<double> first = detail::log_gamma_draw(s.a, draws);
    return first - detail::log_gamma_draw(s.b, draws);
  }
  template <class S>
  constexpr S mode(several<S, 2> const& p) const {
    S a = softplus(p[0]), b = softplus(p[1]);
    return select((a == 0) & (b == 0), S(0), log(a) - log(b));
  }
  template <class P, class Q>
  constexpr wider<P, Q> kl_to(several<P, 2> const& p, several<Q, 2> const& q) const {
    detail::beta_shapes<P> s(p);
    detail::beta_shapes<Q> t(q);
    return t.rests() - s.rests() + (t.a - .5) * (t.log_mean - s.log_mean) + (t.b - .5) * (t.log_rest - s.log_rest) -
           .5 * (log(t.total) - log(s.total)) + (s.a - t.a) * detail::digamma_rest(s.a) +
           (s.b - t.b) * detail::digamma_rest(s.b) - (s.total - t.total) * detail::digamma_rest(s.total);
  }
  /// The Fisher information times v: trigamma(alpha) and trigamma(beta) on the diagonal less trigamma(alpha + beta)
  /// everywhere, through the softplus. (In closed form, since nvcc 13 does not survive the divergence in duals of
  /// duals.)
  template <class S>
  constexpr several<S, 2> curvature(several<S, 2> const& p, several<S, 2> const& v) const {
    detail::beta_shapes<S> s(p);
    S first = sigmoid(p[0]), second = sigmoid(p[1]), da = first * v[0], db = second * v[1],
      both = polygamma(1, s.total) * (da + db);
    return {first * (polygamma(1, s.a) * da - both), second * (polygamma(1, s.b) * db - both)};
  }
};

}  // namespace COHORT_NAMESPACE
