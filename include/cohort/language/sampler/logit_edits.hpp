#pragma once
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct penalize_seen {
  double penalty;
  std::ptrdiff_t columns;
  template <class L, class Seen>
  constexpr void operator()(std::ptrdiff_t, L logits, Seen seen) const {
    using S = typename L::scalar;
    for (std::ptrdiff_t j = 0; j < columns; ++j) {
      auto v = std::ptrdiff_t(seen[j].value);
      if (v < 0) continue;
      S l = logits[v];
      logits.set(v, select(l > 0, l / penalty, l * penalty));
    }
  }
};
struct allowed_or_nothing {
  template <class S, class M>
  constexpr S operator()(S logit, M allowed) const {
    return select(allowed, logit, S(-std::numeric_limits<double>::infinity()));
  }
};

}  // namespace detail

/// The logits (R x V) of tokens that stood before, in place: l / penalty where l > 0, l * penalty elsewhere. seen (R x
/// any): the tokens of each row, none of them twice; -1 fills up.
///
/// Source: Keskar et al. 2019, arXiv:1909.05858, 4.1; that negative logits are multiplied is transformers'
/// RepetitionPenaltyLogitsProcessor.
template <backend B, class T = value_t<B>>
void penalize_repetition(B& backend, double penalty, view<T> logits, view<std::int32_t const> seen) {
  detail::require(penalty > 0, "penalize_repetition", "penalty", penalty, "a positive number");
  backend.for_rows(logits.rows, detail::penalize_seen{penalty, seen.columns}, logits, seen);
}

/// Logits (R x V) become -inf, whatever they are, where `allowed` (R x V bytes; row stride 0: one row for all) is 0.
template <backend B, class T = value_t<B>>
void forbid_tokens(B& backend, view<T> logits, view<std::uint8_t const> allowed) {
  backend.map(outputs{logits}, detail::allowed_or_nothing{}, view<T const>(logits), allowed);
}

}  // namespace COHORT_NAMESPACE
