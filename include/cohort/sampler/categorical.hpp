#pragma once
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// What a row of logits gives once: its maximum m, s = sum exp(l - m), and sum (l - m) exp(l - m), a logit of -inf
/// counting as impossible.
template <class S>
struct softmax_sums {
  S maximum, total, weighted;

  template <class R>
  static constexpr softmax_sums of(R logits, int A) {
    S m = logits[0];
    for (int a = 1; a < A; ++a) m = max(m, logits[a]);
    S total = 0, weighted = 0;
    for (int a = 0; a < A; ++a) {
      S shifted = logits[a] - m, e = exp(shifted);
      total += e;
      weighted += select(e == 0, S(0), e * shifted);
    }
    return {m, total, weighted};
  }
  constexpr S log_total() const { return log(total); }
  constexpr S entropy() const { return log_total() - weighted / total; }
};

template <class R, class S>
constexpr S chosen(R logits, int A, S action) {
  S result = logits[0];
  for (int a = 1; a < A; ++a) result = select(action == a, logits[a], result);
  return result;
}

struct categorical_sample {
  int A, G;
  template <class L, class U, class Out, class P>
  constexpr void operator()(L logits, U uniform, Out action, P logp) const {
    using S = typename L::scalar;
    auto sums = softmax_sums<S>::of(logits, A);
    for (int g = 0; g < G; ++g) {
      S best = logits[0] - log(-log(uniform[g * A])), choice = 0;
      for (int a = 1; a < A; ++a) {
        S perturbed = logits[a] - log(-log(uniform[g * A + a]));
        choice = select(perturbed > best, S(a), choice);
        best = max(best, perturbed);
      }
      action.set(g, choice);
      logp.set(g, chosen(logits, A, choice) - sums.maximum - sums.log_total());
    }
  }
};

struct categorical_mode {
  int A;
  template <class L, class Out>
  constexpr void operator()(L logits, Out action) const {
    using S = typename L::scalar;
    S best = logits[0], choice = 0;
    for (int a = 1; a < A; ++a) {
      choice = select(logits[a] > best, S(a), choice);
      best = max(best, logits[a]);
    }
    action.set(0, choice);
  }
};

struct categorical_evaluate {
  int A, G;
  template <class L, class Act, class P, class H>
  constexpr void operator()(L logits, Act action, P logp, H entropy) const {
    using S = typename L::scalar;
    auto sums = softmax_sums<S>::of(logits, A);
    for (int g = 0; g < G; ++g) {
      logp.set(g, chosen(logits, A, action[g]) - sums.maximum - sums.log_total());
      entropy.set(g, sums.entropy());
    }
  }
};

struct categorical_backward {
  int A, G;
  template <class L, class Act, class DP, class DH, class DL>
  constexpr void operator()(L logits, Act action, DP dlogp, DH dentropy, DL dlogits) const {
    using S = typename L::scalar;
    auto sums = softmax_sums<S>::of(logits, A);
    S all_dlogp = 0, all_dentropy = 0;
    for (int g = 0; g < G; ++g) {
      all_dlogp += dlogp[g];
      all_dentropy += dentropy[g];
    }
    S log_total = sums.log_total(), entropy = sums.entropy();
    for (int a = 0; a < A; ++a) {
      S logp = logits[a] - sums.maximum - log_total, p = exp(logp);
      S here = 0;
      for (int g = 0; g < G; ++g) here += select(action[g] == a, dlogp[g], S(0));
      S slope = select(p == 0, S(0), p * (logp + entropy));
      dlogits.set(a, here - p * all_dlogp - slope * all_dentropy);
    }
  }
};

}  // namespace detail

/// One of A actions with probability softmax(logits).
///
///     log p(a) = l_a - log sum exp(l),    H = -sum p log p,    d log p(a) / d l_b = [a = b] - p_b,
///     d H / d l_b = -p_b (log p_b + H)
///
/// A logit of -inf makes an action impossible. Sampling adds Gumbel noise and takes the largest (ties go to the lowest
/// index), so it needs no cumulative sum. Each of R rows of logits (R x A) may have G samples; actions are R x G
/// integers, logp and entropy R x G, in nats.
struct categorical {
  using action = std::int32_t;
  int actions = 0;

  int parameters() const { return actions; }  ///< columns that the network gives for a row
  int free_parameters() const { return 0; }   ///< parameters that no observation changes
  int action_width() const { return 1; }      ///< elements of one action

  template <backend B>
  void sample(B& backend, stream_id s, in_view<B> logits, in_view<B>, int G, view<action> out, out_view<B> logp) const {
    using T = value_t<B>;
    auto uniforms = backend.template temporary<T>(logits.rows * G * actions);
    auto u = uniforms.matrix(logits.rows, G * actions);
    backend.uniform(u, s);
    backend.map_rows(logits.rows, detail::categorical_sample{actions, G}, logits, view<T const>(u), out, logp);
  }
  /// The most probable action of each row.
  template <backend B>
  void mode(B& backend, in_view<B> logits, in_view<B>, view<action> out) const {
    backend.map_rows(logits.rows, detail::categorical_mode{actions}, logits, out);
  }
  template <backend B>
  void evaluate(B& backend, in_view<B> logits, in_view<B>, view<action const> a, int G, out_view<B> logp,
                out_view<B> entropy) const {
    backend.map_rows(logits.rows, detail::categorical_evaluate{actions, G}, logits, a, logp, entropy);
  }
  template <backend B>
  void backward(B& backend, in_view<B> logits, in_view<B>, view<action const> a, int G, in_view<B> dlogp,
                in_view<B> dentropy, out_view<B> dlogits, out_view<B>) const {
    backend.map_rows(logits.rows, detail::categorical_backward{actions, G}, logits, a, dlogp, dentropy, dlogits);
  }
};

}  // namespace COHORT_NAMESPACE
