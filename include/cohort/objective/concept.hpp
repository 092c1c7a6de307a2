#pragma once
#include <cohort/objective/pair_terms.hpp>
#include <cohort/objective/series_terms.hpp>

namespace COHORT_NAMESPACE {

/// An objective: the loss of one step, of one series (cohort/objective/series_terms.hpp), or an expression of such.
template <class O>
concept objective = step_objective<O> || series_objective<O>;

/// Which terms an objective, of pairs too, reads, as bits of `needs`, found by evaluating it.
template <class O>
  requires objective<O> || pair_objective<O>
constexpr unsigned terms_read_by(O const& o) {
  if constexpr (requires { o.terms_read(); }) return o.terms_read();
  else if constexpr (pair_objective<O>) return detail::terms_read_by_pair(o);
  else if constexpr (series_objective<O>)
    return (detail::series_reads(o) & needs::everything) | detail::step_of(o, detail::all_terms()).bits;
  else return o(detail::all_terms()).bits;
}

namespace detail {

template <unsigned Bits>
struct constant_bits {};

template <class O>
concept known_at_compile_time = requires { typename constant_bits<terms_read_by(O{})>; };

/// The terms that objects of type O read: exact where the type can be made and evaluated at compile time, everything
/// elsewhere.
template <class O>
constexpr unsigned terms_read_by_type() {
  if constexpr (known_at_compile_time<O>) return terms_read_by(O{});
  else return needs::everything;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
