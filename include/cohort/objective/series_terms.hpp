#pragma once
#include <cohort/objective/step_terms.hpp>

namespace cohort {

/// What an objective of one series may read: the terms of the step that it is evaluated at, and what its of_step gave, added up over the valid steps of that
/// step's series. Its loss counts at each of them, with the weight of the aggregation: series_mean makes one number for each series of it, step_mean gives long series
/// more weight.
///
///     struct sequence_ratio {                                                                                    // GSPO without its clip
///       template <class S> constexpr S of_step(step_terms<S> const& s) const { return s.logp - s.old_logp; }
///       template <class S> constexpr S operator()(series_terms<S> const& s) const { return -exp(s.total / s.length) * s.advantage; }
///     };
///
/// The gradient goes through the total to every step of the series, exactly.
template <class S>
struct series_terms : step_terms<S> {
  S total{};               ///< of the series, of of_step
  constant_t<S> length{};  ///< its valid steps, 1 or more
};

/// A callable that gives the loss of a step from its series' total.
template <class O>
concept series_objective = !step_objective<O> && requires(O const& o, step_terms<dependency> const& step, series_terms<dependency> const& terms) {
  { o.of_step(step) } -> std::same_as<dependency>;
  { o(terms) } -> std::same_as<dependency>;
};

namespace detail {

/// What a series objective reads at the step itself (not through the total).
template <series_objective O>
constexpr unsigned terms_read_directly(O const& o) {
  series_terms<dependency> terms;
  static_cast<step_terms<dependency>&>(terms) = all_terms();
  return o(terms).bits;
}

}  // namespace detail
}  // namespace cohort
