#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/leaves.hpp>
#include <cohort/objective/pair_terms.hpp>
#include <string>
#include <string_view>

// A composed objective as text, for logs and reports.

namespace cohort {

namespace detail {

/// A type as the compiler writes it, without its namespaces.
template <class X>
std::string type_name() {
#if defined(__clang__) || defined(__GNUC__)
  std::string_view all = __PRETTY_FUNCTION__;
  auto first = all.find("X = ") + 4;
  all = all.substr(first, all.find_first_of(";]", first) - first);
  std::string name;
  for (std::size_t i = 0, word = 0; i <= all.size(); ++i) {
    if (i + 1 < all.size() && all[i] == ':' && all[i + 1] == ':') {
      word = i + 2;
      ++i;
    } else if (i == all.size() || all[i] == '<' || all[i] == ',' || all[i] == '>' || all[i] == ' ') {
      if (i > word) name += all.substr(word, i - word);
      if (i < all.size() && all[i] != ' ') name += all[i];
      if (i < all.size() && all[i] == ',') name += ' ';
      word = i + 1;
    }
  }
  return name;
#else
  return "objective";
#endif
}

template <class X>
std::string component_name(X const&) {
  if constexpr (requires { X::notes; }) return X::notes.name;
  else return type_name<X>();
}
/// f(each parameter's name, its value).
template <class X, class F>
void each_parameter(X const& x, F f) {
  if constexpr (requires { x.parameters(f); }) x.parameters(f);
}

/// name{parameter = 1, ...}; without parameters an objective has its braces, what stands inside another component has
/// not.
template <class X>
std::string component_text(X const& x, bool braces = true) {
  std::string inside;
  each_parameter(x, [&]<class V>(char const* name, V const& value) {
    inside += inside.empty() ? "" : ", ";
    if (*name) inside += std::string(name) + " = ";
    if constexpr (std::is_same_v<V, bool>) inside += value ? "true" : "false";
    else if constexpr (std::is_arithmetic_v<V>) inside += text(double(value));
    else if constexpr (std::is_convertible_v<V const&, char const*>) inside += value;
    else inside += component_text(value, false);
  });
  return component_name(x) + (braces || !inside.empty() ? "{" + inside + "}" : "");
}

/// Whether a multiple of it needs parentheses.
template <class O>
inline constexpr bool is_compound = false;
template <class A, class B>
inline constexpr bool is_compound<objective_sum<A, B>> = true;
template <class A>
inline constexpr bool is_compound<objective_multiple<A>> = true;

}  // namespace detail

/// The objective as it was composed, with its parameters:
///
///     clipped_ratio{epsilon = 0.2, epsilon_high = 0.28} + aggregate(step_mean, kl_penalty{k3, weight = 0.04})
///         + 0.5 value_loss{weight = 1}
template <class O>
  requires objective<O> || pair_objective<O>
std::string text(O const& o) {
  return detail::component_text(o);
}
template <class A, class B>
std::string text(objective_sum<A, B> const& o);
template <class A>
std::string text(objective_multiple<A> const& o);
template <class M, class A>
std::string text(aggregated_objective<M, A> const& o);
template <class S, class A>
std::string text(weighted_objective<S, A> const& o);

/// A scheduled term as it is at the beginning of the run: scheduled(linear{from = 0.2, to = 0}, at first
/// clipped_ratio{epsilon = 0.2, epsilon_high = 0.2}).
template <class Schedule, class Make>
std::string text(scheduled<Schedule, Make> const& o) {
  return "scheduled(" + detail::component_text(o.schedule, false) + ", at first " + text(o.at(0)) + ")";
}
template <class A, class B>
std::string text(objective_sum<A, B> const& o) {
  return text(o.a) + " + " + text(o.b);
}
template <class A>
std::string text(objective_multiple<A> const& o) {
  std::string inner = text(o.term);
  return detail::text(o.factor) + " " + (detail::is_compound<A> ? "(" + inner + ")" : inner);
}
template <class M, class A>
std::string text(aggregated_objective<M, A> const& o) {
  return "aggregate(" + detail::component_text(o.mode, false) + ", " + text(o.term) + ")";
}
template <class S, class A>
std::string text(weighted_objective<S, A> const& o) {
  return "weighted(" + detail::component_text(o.selection, false) + ", " + text(o.term) + ")";
}

namespace detail {

/// "  name: formula (source)" and below it, further in, those of the components among its parameters. What is there
/// already is not said again.
template <class X>
void explain(std::string& all, X const& x, bool always, std::string const& indent) {
  if constexpr (requires {
                  x.selection;
                  x.base;
                })
    return explain(all, x.selection, always, indent);
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
    std::apply([&](auto const&... leaf) { (detail::explain(all, leaf.term, true, "  "), ...); },
               detail::leaves<1, 0>(o, 1));
    std::apply([&](auto const&... mode) { (detail::explain(all, mode, false, "  "), ...); }, detail::modes(o));
  }
  return all;
}

namespace detail {

/// Terms and selections that have a range for their parameters are asked whether these are in it.
template <class O>
void check_objective(O const& o) {
  auto one = [](auto const& x) {
    if constexpr (requires { x.check(); }) x.check();
    else if constexpr (requires { x.selection.check(); }) x.selection.check();
  };
  if constexpr (pair_objective<O>) one(o);
  else {
    std::apply([&](auto const&... leaf) { (one(leaf.term), ...); }, leaves<1, 0>(o, 1));
    std::apply([&](auto const&... mode) { (one(mode), ...); }, modes(o));
  }
}

}  // namespace detail
}  // namespace cohort
