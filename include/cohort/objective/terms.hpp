#pragma once
#include <array>
#include <bit>
#include <cohort/backend/concept.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/scalar/dual.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// How many of the terms below bit k are among `bits`.
constexpr int slot_of(unsigned bits, int k) { return std::popcount(bits & ((1u << k) - 1)); }

/// The terms as numbers, in the order of terms_of_step.
template <class V>
struct term_numbers {
  V of[term_count];
};
/// The terms of Bits from an array of just those, in their order; the others are 0.
template <unsigned Bits, class S>
[[gnu::always_inline]] constexpr term_numbers<S> terms_from(S const* given) {
  term_numbers<S> all{};
  for (int k = 0, n = 0; k < term_count; ++k)
    if (Bits >> k & 1) all.of[k] = given[n++];
  return all;
}

/// A number where a term is constant, and the variable of a dual where it is not.
template <class D>
struct term_number {
  using V = constant_t<D>;
  V const& x;
  int variable;  ///< -1: none, though it may be a dual
  [[gnu::always_inline]] constexpr operator V() const { return x; }
  [[gnu::always_inline]] constexpr operator D() const { return variable < 0 ? D(x) : D::variable(x, variable); }
};
/// step_terms of these, the differentiable ones of Bits as the variables of a dual, in their order.
template <unsigned Bits, class D, class V>
[[gnu::always_inline]] constexpr step_terms<D> terms_with_variables(term_numbers<V> const& at) {
  if constexpr (std::is_same_v<D, V>) return make_terms<D>([&](int k) -> V const& { return at.of[k]; });
  else
    return make_terms<D>([&](int k) {
      constexpr unsigned variables = Bits & needs::differentiable;
      return term_number<D>{at.of[k], variables >> k & 1 ? slot_of(variables, k) : -1};
    });
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

/// The arrays of the terms in order, those that `needed` names; for the others stands any array of M numbers, which
/// is not read.
template <class T>
std::array<view<T const>, std::size_t(term_count)> terms_of(step_views<T> const& in, unsigned needed, view<T const> any,
                                                            char const* reader = "the objective") {
  std::array<view<T const>, std::size_t(term_count)> terms;
  for (std::size_t k = 0; auto member : term_members<step_views<T>>()) {
    bool here = needed >> k & 1;
    if (here && !(in.*member))
      throw value_error(std::string(reader) + " reads " + terms_of_step[k].name + ", which this batch does not have");
    terms[k++] = here ? in.*member : any;
  }
  return terms;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
