#pragma once
#include <cohort/objective/step_terms.hpp>
#include <cohort/scalar/dual.hpp>

namespace COHORT_NAMESPACE {

/// What an objective of one series may read: the terms of the step that it is evaluated at, and what its of_step gave,
/// added up over the valid steps of that step's series. Its loss counts at each of them, with the weight of the
/// aggregation: series_mean makes one number for each series of it, step_mean gives long series more weight.
///
///     struct sequence_ratio {    // GSPO without its clip
///       template <class S>
///       constexpr S of_step(step_terms<S> const& s) const { return s.logp - s.old_logp; }
///       template <class S>
///       constexpr S operator()(series_terms<S> const& s) const { return -exp(s.total / s.length) * s.advantage; }
///     };
///
/// The gradient goes through the total to every step of the series, exactly. Instead of the function of_step there may
/// be a type of this name, a formula of a step without parameters: `using of_step = step_log_ratio;`. Terms with the
/// same one share their total.
template <class S>
struct series_terms : step_terms<S> {
  S total{};               ///< of the series, of of_step
  constant_t<S> length{};  ///< its valid steps, 1 or more
};

/// The usual of_step: logp - old_logp, whose mean over a series is the logarithm of the geometric mean of its steps'
/// ratios.
struct step_log_ratio {
  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return step.logp - step.old_logp;
  }
};

namespace detail {

/// of_step, be it a function or a type.
template <class O, class S>
constexpr S step_of(O const& o, step_terms<S> const& step) {
  if constexpr (requires { typename O::of_step; }) return typename O::of_step{}(step);
  else return o.of_step(step);
}
template <class O>
concept has_of_step = requires(O const& o, step_terms<dependency> const& step) {
  { o.of_step(step) } -> std::same_as<dependency>;
} || requires(typename O::of_step const& of_step, step_terms<dependency> const& step) {
  { of_step(step) } -> std::same_as<dependency>;
};

}  // namespace detail

/// A callable that gives the loss of a step from its series' total.
template <class O>
concept series_objective =
    !step_objective<O> && detail::has_of_step<O> && requires(O const& o, series_terms<dependency> const& terms) {
      { o(terms) } -> std::same_as<dependency>;
    };

namespace detail {

/// What the loss of a series' step needs beside the total.
inline constexpr unsigned series_length = 1u << term_count, total_derivative = 2u << term_count;

/// What a series objective reads at the step itself (not through the total), the length among it, and whether it has a
/// derivative with respect to the total: one that stands behind a stop_gradient has none.
template <series_objective O>
constexpr unsigned series_reads(O const& o) {
  series_terms<dependency> terms{all_terms(), {}, dependency::on(series_length)};
  // Here no value depends on anything, so that a tangent does only on the total's.
  series_terms<dual<dependency, 1>> followed;
  followed.total.tangent[0] = dependency::on(total_derivative);
  return o(terms).bits | o(followed).tangent[0].bits;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
