#pragma once
#include <array>
#include <bit>
#include <cohort/backend/concept.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/scalar/dual.hpp>

namespace cohort {

/// The arrays of M steps that an objective is evaluated on; what it does not read may be absent. Absent `valid` means
/// all are. series_of and series are for objectives of series, and for selections.
template <class T>
struct step_views {
  view<T const> sampler_logp{}, old_logp{}, logp{}, ref_logp{}, advantage{}, entropy{}, value{}, old_value{}, target{},
      kl{}, old_kl{};
  view<std::uint8_t const> valid{};
  view<std::int32_t const> series_of{};  ///< M: which series a step belongs to
  std::ptrdiff_t series = 0;             ///< how many there are; these steps need not be of all of them
};

namespace detail {

inline constexpr char const* term_names[] = {"sampler_logp", "old_logp",  "logp",   "ref_logp", "advantage", "entropy",
                                             "value",        "old_value", "target", "kl",       "old_kl"};
inline constexpr int term_count = 11, differentiable_count = 5;

/// How many of the terms below bit k are among `bits`.
constexpr int slot_of(unsigned bits, int k) { return std::popcount(bits & ((1u << k) - 1)); }

/// Constant terms, and logp, entropy, value, kl and old_kl as the variables of a dual, in this order, as far as they
/// are among Bits.
template <unsigned Bits, class D, class V>
[[gnu::always_inline]] constexpr void fill_terms(step_terms<D>& terms, step_terms<V> const& at) {
  terms.sampler_logp = at.sampler_logp;
  terms.old_logp = at.old_logp;
  terms.ref_logp = at.ref_logp;
  terms.advantage = at.advantage;
  terms.old_value = at.old_value;
  terms.target = at.target;
  auto variable = [](unsigned bit, V const& x) {
    if constexpr (Bits == 0) return D(x);
    else return Bits & bit ? D::variable(x, std::popcount(Bits & needs::differentiable & (bit - 1))) : D(x);
  };
  terms.logp = variable(needs::logp, at.logp);
  terms.entropy = variable(needs::entropy, at.entropy);
  terms.value = variable(needs::value, at.value);
  terms.kl = variable(needs::kl, at.kl);
  terms.old_kl = variable(needs::old_kl, at.old_kl);
}
/// The terms of Bits from an array of just those, in their order.
template <unsigned Bits, class S>
[[gnu::always_inline]] constexpr step_terms<S> terms_from(S const* given) {
  auto term = [&](int k) { return Bits >> k & 1 ? given[slot_of(Bits, k)] : S(0); };
  return {term(0), term(1), term(2), term(3), term(4), term(5), term(6), term(7), term(8), term(9), term(10)};
}

/// Those of `all` whose bits are set, in order.
template <unsigned Bits, class V, std::size_t N>
constexpr std::array<V, std::size_t(std::popcount(Bits))> picked(std::array<V, N> const& all) {
  std::array<V, std::size_t(std::popcount(Bits))> some{};
  for (std::size_t k = 0, n = 0; k < N; ++k)
    if (Bits >> k & 1) some[n++] = all[k];
  return some;
}
template <class V, std::size_t N, std::size_t M>
constexpr std::array<V, N + M> concatenated(std::array<V, N> const& first, std::array<V, M> const& then) {
  std::array<V, N + M> all{};
  for (std::size_t k = 0; k < N + M; ++k) all[k] = k < N ? first[k] : then[k - N];
  return all;
}

template <class T>
using term_array = std::array<view<T const>, term_count>;

/// The arrays of the terms in order, those that `needed` names; for the others stands any array of M numbers, which
/// is not read.
template <class T>
term_array<T> terms_of(step_views<T> const& in, unsigned needed, view<T const> any,
                       char const* reader = "the objective") {
  term_array<T> terms{in.sampler_logp, in.old_logp,  in.logp,   in.ref_logp, in.advantage, in.entropy,
                      in.value,        in.old_value, in.target, in.kl,       in.old_kl};
  for (int k = 0; k < term_count; ++k) {
    bool here = needed >> k & 1;
    if (here && !terms[std::size_t(k)])
      throw value_error(std::string(reader) + " reads " + term_names[k] + ", which this batch does not have");
    if (!here) terms[std::size_t(k)] = any;
  }
  return terms;
}
}  // namespace detail
}  // namespace cohort
