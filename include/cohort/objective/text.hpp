#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/describe/enumerators.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/pair_terms.hpp>
#include <cstddef>
#include <string>

// A composed objective as text, for logs and reports.

namespace COHORT_NAMESPACE {

namespace detail {

/// What parameters(f) is given: f(name, value), and f(name, value, whether a text shows it) where it may not.
template <class F, bool Hidden>
struct parameter_visitor {
  F f;
  template <class V>
  constexpr void operator()(char const* name, V const& value, bool shown = true) const {
    if (shown || Hidden) f(name, value);
  }
};
/// f(each parameter's name, its value); with Hidden, those too that a text leaves out.
template <bool Hidden = false, class X, class F>
void each_parameter(X const& x, F f) {
  parameter_visitor<F, Hidden> visitor{f};
  if constexpr (requires { x.parameters(visitor); }) x.parameters(visitor);
}

/// Raises value_error for the first parameter out of its range, of a component and of those that it is made of.
template <class X>
void check_parameters(X const& x) {
  if constexpr (requires { x.check(); }) x.check();
  each_parameter<true>(x, []<class V>(char const*, V const& value) {
    if constexpr (std::is_class_v<V>) check_parameters(value);
  });
}

/// name{parameter = 1, ...}; without parameters an objective has its braces, what stands inside another component has
/// not. What has no type says its name itself.
template <class X>
std::string component_text(X const& x, bool braces = true) {
  if constexpr (requires { std::string(x.name()); }) return x.name();
  std::string inside;
  each_parameter(x, [&]<class V>(char const* name, V const& value) {
    inside += inside.empty() ? "" : ", ";
    if (*name) inside += std::string(name) + " = ";
    if constexpr (std::is_same_v<V, bool>) inside += value ? "true" : "false";
    else if constexpr (std::is_arithmetic_v<V>) inside += text(double(value));
    else if constexpr (std::is_enum_v<V>) inside += name_of(value);
    else if constexpr (std::is_convertible_v<V const&, char const*>) inside += value;
    else inside += component_text(value, false);
  });
  return component_name(x) + (braces || !inside.empty() ? "{" + inside + "}" : "");
}

/// Text inside what makes its weights, "aggregate(step_mean, text)"; the innermost is number Weights.
template <int Weights, class Modes>
std::string weighted_text(Modes const& modes, std::string const& inside) {
  if constexpr (Weights == 0) return inside;
  else {
    auto const& mode = std::get<std::size_t(Weights) - 1>(modes);
    using Mode = std::decay_t<decltype(mode)>;
    std::string here;
    if constexpr (is_selection<Mode>) here = "weighted(" + component_text(mode.selection, false);
    else here = "aggregate(" + component_text(mode, false);
    return weighted_text<base_of<Mode>>(modes, here + ", " + inside + ")");
  }
}

}  // namespace detail

/// The terms of an objective, with their factors, parameters, aggregations and selections:
///
///     clipped_ratio{epsilon = 0.2, epsilon_high = 0.28} + aggregate(step_mean, kl_penalty{k3, weight = 0.04})
///         + 0.5 value_loss{weight = 1}
///
/// A scheduled one stands as it is at the beginning of the run: scheduled(linear{from = 0.2, to = 0}, at first
/// clipped_ratio{epsilon = 0.2, epsilon_high = 0.2}).
template <class O>
  requires objective<O> || pair_objective<O>
std::string text(O const& o) {
  if constexpr (detail::is_composed<O>) {
    std::string all;
    detail::each_leaf(o, [&]<class T, int Weights, bool S>(detail::leaf<T, Weights, S> const& x) {
      all += (all.empty() ? "" : " + ") + (x.factor == 1 ? "" : detail::text(x.factor) + " ") +
             detail::weighted_text<Weights>(o.modes, text(x.term));
    });
    return all;
  } else if constexpr (requires { o.schedule, text(o.at(0)); }) {
    return "scheduled(" + detail::component_text(o.schedule, false) + ", at first " + text(o.at(0)) + ")";
  } else {
    return detail::component_text(o);
  }
}

namespace detail {

/// "  name: formula (source)" and below it, further in, those of the components among its parameters. What is there
/// already is not said again.
template <class X>
void explain(std::string& all, X const& x, bool always, std::string const& indent) {
  if constexpr (is_selection<X>) return explain(all, x.selection, always, indent);
  else {
    std::string line = "\n" + indent + component_name(x);
    if constexpr (requires { X::notes; }) line += ": " + std::string(X::notes.formula) + " (" + X::notes.source + ")";
    else if (!always) return;
    line += "\n";
    if (all.find(line) == std::string::npos) all += line.substr(1);
    each_parameter(x, [&]<class V>(char const*, V const& value) {
      if constexpr (std::is_class_v<V>) explain(all, value, false, indent + "  ");
    });
  }
}

}  // namespace detail

/// The same, and below it a line for each term: its name, its formula and where it is from; and for each estimator,
/// controller and aggregation in it that says so.
template <class O>
  requires objective<O> || pair_objective<O>
std::string explained(O const& composed) {
  std::string all = text(composed) + "\n";
  auto o = at_progress(composed, 0.);
  if constexpr (pair_objective<decltype(o)>) detail::explain(all, o, true, "  ");
  else {
    detail::each_leaf(o, [&](auto const& leaf) { detail::explain(all, leaf.term, true, "  "); });
    detail::each_mode(o, [&](auto const& mode) { detail::explain(all, mode, false, "  "); });
  }
  return all;
}

namespace detail {

/// The same for the terms and selections of an objective.
template <class O>
void check_objective(O const& o) {
  auto one = [](auto const& x) {
    if constexpr (requires { x.selection; }) check_parameters(x.selection);
    else check_parameters(x);
  };
  if constexpr (pair_objective<O>) one(o);
  else {
    each_leaf(o, [&](auto const& leaf) { one(leaf.term); });
    each_mode(o, one);
  }
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
