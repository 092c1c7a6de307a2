#pragma once
#include <cohort/objective/expression.hpp>

// An objective in two, for updates that train the policy and the value function by different means.

namespace cohort {

namespace detail {

/// What is left of an objective where none of its terms is wanted.
struct no_terms {
  template <class S>
  constexpr S operator()(step_terms<S> const&) const {
    return S(0);
  }
};
template <class O>
inline constexpr bool has_terms = !std::is_same_v<O, no_terms>;

/// The terms of which Wanted<term> is true, with their factors and aggregations.
template <template <class> class Wanted, class O>
constexpr auto terms_where(O const& o) {
  if constexpr (Wanted<O>::value) return o;
  else return no_terms{};
}
template <template <class> class Wanted, class A>
constexpr auto terms_where(objective_multiple<A> const& o);
template <template <class> class Wanted, class M, class A>
constexpr auto terms_where(aggregated_objective<M, A> const& o);
template <template <class> class Wanted, class S, class A>
constexpr auto terms_where(weighted_objective<S, A> const& o);
template <template <class> class Wanted, class A, class B>
constexpr auto terms_where(objective_sum<A, B> const& o) {
  auto a = terms_where<Wanted>(o.a);
  auto b = terms_where<Wanted>(o.b);
  if constexpr (!has_terms<decltype(a)>) return b;
  else if constexpr (!has_terms<decltype(b)>) return a;
  else return a + b;
}
template <template <class> class Wanted, class A>
constexpr auto terms_where(objective_multiple<A> const& o) {
  auto term = terms_where<Wanted>(o.term);
  if constexpr (has_terms<decltype(term)>) return o.factor * term;
  else return term;
}
template <template <class> class Wanted, class M, class A>
constexpr auto terms_where(aggregated_objective<M, A> const& o) {
  auto term = terms_where<Wanted>(o.term);
  if constexpr (has_terms<decltype(term)>) return aggregate(o.mode, term);
  else return term;
}

template <template <class> class Wanted, class S, class A>
constexpr auto terms_where(weighted_objective<S, A> const& o) {
  auto term = terms_where<Wanted>(o.term);
  if constexpr (has_terms<decltype(term)>) return weighted(o.selection, term);
  else return term;
}

template <class O>
struct reads_value {
  static constexpr unsigned bits = terms_read_by_type<O>();
  static_assert(known_at_compile_time<O>,
                "an objective of which the policy and the value function are trained apart needs terms that can be "
                "made without arguments");
  static_assert(
      !(bits & needs::value && bits & needs::differentiable & ~needs::value),
      "a term reads both the value function and the policy, which this update trains apart: write it as a sum of two");
  static constexpr bool value = bits & needs::value;
};
template <class O>
struct reads_no_value {
  static constexpr bool value = !reads_value<O>::value;
};

}  // namespace detail

/// The terms that read the value function, and all others.
template <objective O>
constexpr auto value_terms(O const& o) {
  return detail::terms_where<detail::reads_value>(o);
}
template <objective O>
constexpr auto policy_terms(O const& o) {
  return detail::terms_where<detail::reads_no_value>(o);
}

}  // namespace cohort
