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
struct penalize_present {
  double presence, frequency;
  std::ptrdiff_t columns;
  template <class L, class Seen, class Count>
  constexpr void operator()(std::ptrdiff_t, L logits, Seen seen, Count count) const {
    using S = typename L::scalar;
    for (std::ptrdiff_t j = 0; j < columns; ++j)
      if (auto const v = std::ptrdiff_t(seen[j].value); v >= 0 && count[j].value > 0)
        logits.set(v, logits[v] - S(presence + frequency * count[j].value));
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

/// The logits (R x V) of tokens that stand in the completion, in place: less `presence`, and less `frequency` for each
/// time that they do. seen (R x any): the tokens of each row, none of them twice, -1 fills up; count: how often.
///
/// Source: OpenAI's API reference, presence_penalty and frequency_penalty.
template <backend B, class T = value_t<B>>
void penalize_presence(B& backend, double presence, double frequency, view<T> logits, view<std::int32_t const> seen,
                       view<std::int32_t const> count) {
  backend.for_rows(logits.rows, detail::penalize_present{presence, frequency, seen.columns}, logits, seen, count);
}

/// Logits (R x V) become -inf, whatever they are, where `allowed` (R x V bytes; row stride 0: one row for all) is 0.
template <backend B, class T = value_t<B>>
void forbid_tokens(B& backend, view<T> logits, view<std::uint8_t const> allowed) {
  backend.map(outputs{logits}, detail::allowed_or_nothing{}, view<T const>(logits), allowed);
}

}  // namespace COHORT_NAMESPACE
