#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/scalar/special.hpp>

namespace cohort {

namespace detail {

/// A row of log-probabilities, unnormalized: what to subtract from each.
template <class S, class R>
constexpr S log_sum(R const& logits, int A) {
  S largest = logits[0], total = 0;
  for (int a = 1; a < A; ++a) largest = max(largest, logits[a]);
  for (int a = 0; a < A; ++a) total += exp(logits[a] - largest);
  return largest + log(total);
}

struct categorical_divergence {
  int A;
  template <class P, class Q, class Out, class D>
  constexpr void operator()(P logits, Q ref_logits, Out out, D slope) const {
    using S = typename P::scalar;
    S own = log_sum<S>(logits, A), reference = log_sum<S>(ref_logits, A), kl = 0;
    for (int a = 0; a < A; ++a) {
      S logp = logits[a] - own, p = exp(logp);
      kl += select(p == 0, S(0), p * (logp - (ref_logits[a] - reference)));
    }
    out.set(0, kl);
    for (int a = 0; a < A; ++a) {
      S logp = logits[a] - own, p = exp(logp);
      slope.set(a, select(p == 0, S(0), p * (logp - (ref_logits[a] - reference) - kl)));
    }
  }
};

struct gaussian_divergence {
  int D;
  template <class M, class L, class RM, class RL, class Out, class DM, class DL>
  constexpr void operator()(M mean, L log_std, RM ref_mean, RL ref_log_std, Out out, DM mean_slope, DL log_std_slope) const {
    using S = typename M::scalar;
    S kl = 0;
    for (int d = 0; d < D; ++d) {
      S narrower = log_std[d] - ref_log_std[d], z = (mean[d] - ref_mean[d]) * exp(-ref_log_std[d]);
      kl += .5 * (expm1(2 * narrower) + z * z) - narrower;
      mean_slope.set(d, z * exp(-ref_log_std[d]));
      log_std_slope.set(d, expm1(2 * narrower));
    }
    out.set(0, kl);
  }
};

}  // namespace detail

/// KL(pi || ref) of two categorical distributions, row by row, and its derivative with respect to pi's logits:
///
///     KL = sum_a p_a (log p_a - log q_a),    dKL / dlogit_a = p_a (log p_a - log q_a - KL)
///
/// logits, ref_logits, slope: R x A, unnormalized (a logit of -inf is impossible; where only the reference's is, KL is inf and
/// the slope of that row has no value); out: R. In nats.
template <backend B>
void categorical_kl(B& backend, in_view<B> logits, in_view<B> ref_logits, out_view<B> out, out_view<B> slope) {
  detail::require_same_extents("categorical_kl", "the reference's logits", ref_logits, logits);
  detail::require_same_extents("categorical_kl", "the slope", slope, logits);
  backend.map_rows(logits.rows, detail::categorical_divergence{int(logits.columns)}, view<value_t<B> const>(logits), view<value_t<B> const>(ref_logits), out, slope);
}

/// KL(pi || ref) of two Gaussians with diagonal covariance, row by row, and its derivatives with respect to pi's means and log-deviations:
///
///     KL = sum_d log(s'_d / s_d) + (s_d^2 + (m_d - m'_d)^2) / (2 s'_d^2) - 1/2
///
/// all R x D (rows of stride 0 where deviations do not depend on the state); out: R. In nats.
template <backend B>
void gaussian_kl(B& backend, in_view<B> mean, in_view<B> log_std, in_view<B> ref_mean, in_view<B> ref_log_std, out_view<B> out, out_view<B> mean_slope,
                 out_view<B> log_std_slope) {
  auto as_mean = [&](char const* what, auto v) {
    if (v.columns != mean.columns || (v.row_stride != 0 && v.rows != mean.rows)) detail::require_same_extents("gaussian_kl", what, v, mean);
  };
  as_mean("log_std", log_std), as_mean("the reference's mean", ref_mean), as_mean("the reference's log_std", ref_log_std);
  as_mean("the mean's slope", mean_slope), as_mean("the slope of log_std", log_std_slope);
  backend.map_rows(mean.rows, detail::gaussian_divergence{int(mean.columns)}, mean, log_std, ref_mean, ref_log_std, out, mean_slope, log_std_slope);
}

}  // namespace cohort
