#pragma once
#include <cohort/sampler/bernoulli.hpp>
#include <cohort/sampler/multi_categorical.hpp>
#include <limits>

// Which actions are allowed, as a row of numbers: 0 where one is not. A masked action's logit becomes -inf before a
// distribution reads it, so its probability is 0, the others' are those of the softmax over what is left, and no
// gradient passes. Your own distribution joins by overloads of these two functions, found by argument-dependent
// lookup.
//
// Source: Huang and Ontanon 2020, arXiv:2006.14171. (sb3-contrib's MaskablePPO has -1e8 for -inf, which is the same
// unless a logit is as large.)

namespace COHORT_NAMESPACE {

namespace detail {

struct mask_logits {
  int A;
  template <class M, class L>
  constexpr void operator()(M mask, L logits) const {
    using S = typename L::scalar;
    for (int a = 0; a < A; ++a)
      logits.set(a, select(S(mask[a]) == 0, S(-std::numeric_limits<double>::infinity()), S(logits[a])));
  }
};
/// A bit that may be neither 0 nor 1 has no logit.
struct mask_bits {
  int D;
  template <class M, class L>
  constexpr void operator()(M mask, L logits) const {
    using S = typename L::scalar;
    S infinity = S(std::numeric_limits<double>::infinity());
    for (int d = 0; d < D; ++d) {
      S sure = select(S(mask[2 * d]) == 0, infinity, S(0)) - select(S(mask[2 * d + 1]) == 0, infinity, S(0));
      logits.set(d, select(sure == 0, S(logits[d]), sure));
    }
  }
};

}  // namespace detail

/// How many numbers say which actions are allowed: one for each of `categorical`'s; those of one choice behind
/// another's; for each bit whether it may be 0 and whether it may be 1.
inline int mask_size(categorical const& d) { return d.actions; }
template <int K>
int mask_size(multi_categorical<K> const& d) {
  return d.parameters();
}
template <class T, int D>
int mask_size(independent<bernoulli, T, D> const& d) {
  return 2 * d.size;
}

/// Makes R rows of logits those of the allowed actions. mask: R x mask_size.
template <backend B>
void mask_actions(B& backend, categorical const& d, in_view<B> mask, out_view<B> logits) {
  backend.map_rows(logits.rows, detail::mask_logits{d.actions}, mask, logits);
}
template <backend B, int K>
void mask_actions(B& backend, multi_categorical<K> const& d, in_view<B> mask, out_view<B> logits) {
  backend.map_rows(logits.rows, detail::mask_logits{d.parameters()}, mask, logits);
}
template <backend B, int D>
void mask_actions(B& backend, independent<bernoulli, value_t<B>, D> const& d, in_view<B> mask, out_view<B> logits) {
  backend.map_rows(logits.rows, detail::mask_bits{d.size}, mask, logits);
}

/// A distribution of actions that can be forbidden one by one.
template <class Distribution, class B>
concept maskable = requires(B& backend, Distribution const& d, in_view<B> mask, out_view<B> logits) {
  mask_actions(backend, d, mask, logits);
};

namespace detail {

/// Columns of the mask behind the observations of a policy, if it is `masked`.
template <class B, class Distribution>
int mask_columns_of(char const* policy, Distribution const& d, bool masked) {
  if (!masked) return 0;
  if constexpr (maskable<Distribution, B>) return mask_size(d);
  else
    throw value_error(std::string(policy) +
                      ": the environment has an action mask, expected discrete, multi_discrete or binary actions, or a "
                      "distribution of your own with mask_size and mask_actions (sampler/action_mask.hpp)");
}

}  // namespace detail

}  // namespace COHORT_NAMESPACE
