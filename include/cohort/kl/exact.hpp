#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/scalar/special.hpp>

namespace COHORT_NAMESPACE {

/// Which of the two distributions the expectation is over: KL(pi || other) or KL(other || pi). Derivatives are with
/// respect to pi's parameters.
enum class divergence_over { pi, other };

namespace detail {

/// A row of log-probabilities, unnormalized: what to subtract from each.
template <class S, class R>
constexpr S log_sum(R const& logits, int A) {
  S largest = logits[0], total = 0;
  for (int a = 1; a < A; ++a) largest = max(largest, logits[a]);
  for (int a = 0; a < A; ++a) total += exp(logits[a] - largest);
  return largest + log(total);
}

/// KL(pi || other) or, Over::other, KL(other || pi), with the slope in pi's logits.
template <divergence_over Over>
struct categorical_divergence {
  int A;
  template <class P, class Q, class Out, class D>
  constexpr void operator()(P logits, Q other_logits, Out out, D slope) const {
    using S = typename P::scalar;
    constexpr bool over_pi = Over == divergence_over::pi;
    S own = log_sum<S>(logits, A), other = log_sum<S>(other_logits, A), kl = 0;
    for (int a = 0; a < A; ++a) {
      S logp = logits[a] - own, logq = other_logits[a] - other, weight = exp(over_pi ? logp : logq);
      kl += select(weight == 0, S(0), weight * (over_pi ? logp - logq : logq - logp));
      if constexpr (!over_pi) slope.set(a, exp(logp) - weight);
    }
    out.set(0, kl);
    if constexpr (over_pi)
      for (int a = 0; a < A; ++a) {
        S logp = logits[a] - own, p = exp(logp);
        slope.set(a, select(p == 0, S(0), p * (logp - (other_logits[a] - other) - kl)));
      }
  }
};

template <divergence_over Over>
struct gaussian_divergence {
  int D;
  template <class M, class L, class OM, class OL, class Out, class DM, class DL>
  constexpr void operator()(M mean, L log_std, OM other_mean, OL other_log_std, Out out, DM mean_slope,
                            DL log_std_slope) const {
    using S = typename M::scalar;
    constexpr bool over_pi = Over == divergence_over::pi;
    S kl = 0;
    for (int d = 0; d < D; ++d) {
      S narrower = over_pi ? log_std[d] - other_log_std[d] : other_log_std[d] - log_std[d],
        inverse = exp(over_pi ? -other_log_std[d] : -log_std[d]), z = (mean[d] - other_mean[d]) * inverse;
      kl += .5 * (expm1(2 * narrower) + z * z) - narrower;
      mean_slope.set(d, z * inverse);
      log_std_slope.set(d, over_pi ? expm1(2 * narrower) : -(expm1(2 * narrower) + z * z));
    }
    out.set(0, kl);
  }
};

}  // namespace detail

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
  auto run = [&](auto kernel) { backend.map_rows(logits.rows, kernel, logits, other, out, slope); };
  if (over == divergence_over::pi) run(detail::categorical_divergence<divergence_over::pi>{A});
  else run(detail::categorical_divergence<divergence_over::other>{A});
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
  auto run = [&](auto kernel) {
    backend.map_rows(mean.rows, kernel, mean, log_std, other_mean, other_log_std, out, mean_slope, log_std_slope);
  };
  if (over == divergence_over::pi) run(detail::gaussian_divergence<divergence_over::pi>{D});
  else run(detail::gaussian_divergence<divergence_over::other>{D});
}

}  // namespace COHORT_NAMESPACE
