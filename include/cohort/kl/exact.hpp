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

struct categorical_divergence_from {
  int A;
  template <class P, class Q, class Out, class D>
  constexpr void operator()(P logits, Q old_logits, Out out, D slope) const {
    using S = typename P::scalar;
    S own = log_sum<S>(logits, A), old = log_sum<S>(old_logits, A), kl = 0;
    for (int a = 0; a < A; ++a) {
      S logp = logits[a] - own, logq = old_logits[a] - old, q = exp(logq);
      kl += select(q == 0, S(0), q * (logq - logp));
      slope.set(a, exp(logp) - q);
    }
    out.set(0, kl);
  }
};

struct gaussian_divergence {
  int D;
  template <class M, class L, class RM, class RL, class Out, class DM, class DL>
  constexpr void operator()(M mean, L log_std, RM ref_mean, RL ref_log_std, Out out, DM mean_slope,
                            DL log_std_slope) const {
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

struct gaussian_divergence_from {
  int D;
  template <class M, class L, class OM, class OL, class Out, class DM, class DL>
  constexpr void operator()(M mean, L log_std, OM old_mean, OL old_log_std, Out out, DM mean_slope,
                            DL log_std_slope) const {
    using S = typename M::scalar;
    S kl = 0;
    for (int d = 0; d < D; ++d) {
      S narrower = old_log_std[d] - log_std[d], inverse = exp(-log_std[d]), z = (mean[d] - old_mean[d]) * inverse;
      kl += .5 * (expm1(2 * narrower) + z * z) - narrower;
      mean_slope.set(d, z * inverse);
      log_std_slope.set(d, -(expm1(2 * narrower) + z * z));
    }
    out.set(0, kl);
  }
};

}  // namespace detail

/// Which of the two distributions the expectation is over: KL(pi || other) or KL(other || pi). Derivatives are with
/// respect to pi's parameters.
enum class divergence_over { pi, other };

/// KL of two categorical distributions, row by row, and its derivative with respect to pi's logits:
///
///     KL(pi || q) = sum_a p_a (log p_a - log q_a),    dKL / dlogit_a = p_a (log p_a - log q_a - KL)
///     KL(q || pi) = sum_a q_a (log q_a - log p_a),    dKL / dlogit_a = p_a - q_a
///
/// logits, other, slope: R x A, unnormalized (a logit of -inf is impossible; where only the second distribution's is,
/// KL is inf and the slope of that row has no value); out: R. In nats.
template <backend B>
void categorical_kl(B& backend, in_view<B> logits, in_view<B> other, out_view<B> out, out_view<B> slope,
                    divergence_over over = divergence_over::pi) {
  detail::require_same_extents("categorical_kl", "the other's logits", other, logits);
  detail::require_same_extents("categorical_kl", "the slope", slope, logits);
  int A = int(logits.columns);
  if (over == divergence_over::pi)
    backend.map_rows(logits.rows, detail::categorical_divergence{A}, logits, other, out, slope);
  else backend.map_rows(logits.rows, detail::categorical_divergence_from{A}, logits, other, out, slope);
}

/// KL of two Gaussians with diagonal covariance, row by row, and its derivatives with respect to pi's means m and
/// log-deviations log s:
///
///     KL(pi || q) = sum_d log(t_d / s_d) + (s_d^2 + (m_d - n_d)^2) / (2 t_d^2) - 1/2,    of q ~ N(n, t^2);
///     KL(q || pi) with both exchanged
///
/// all R x D (rows of stride 0 where deviations do not depend on the state); out: R. In nats.
template <backend B>
void gaussian_kl(B& backend, in_view<B> mean, in_view<B> log_std, in_view<B> other_mean, in_view<B> other_log_std,
                 out_view<B> out, out_view<B> mean_slope, out_view<B> log_std_slope,
                 divergence_over over = divergence_over::pi) {
  auto as_mean = [&](char const* what, auto v) {
    if (v.columns != mean.columns || (v.row_stride != 0 && v.rows != mean.rows))
      detail::require_same_extents("gaussian_kl", what, v, mean);
  };
  as_mean("log_std", log_std), as_mean("the other's mean", other_mean), as_mean("the other's log_std", other_log_std);
  as_mean("the mean's slope", mean_slope), as_mean("the slope of log_std", log_std_slope);
  int D = int(mean.columns);
  if (over == divergence_over::pi)
    backend.map_rows(mean.rows, detail::gaussian_divergence{D}, mean, log_std, other_mean, other_log_std, out,
                     mean_slope, log_std_slope);
  else
    backend.map_rows(mean.rows, detail::gaussian_divergence_from{D}, mean, log_std, other_mean, other_log_std, out,
                     mean_slope, log_std_slope);
}

}  // namespace cohort
