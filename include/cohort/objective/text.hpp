#pragma once
#include <cohort/error.hpp>
#include <cohort/objective/about.hpp>
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
template <class O>
std::string component_text(O const& o) {
  std::string inside;
  if constexpr (requires { o.estimator; }) inside = component_name(o.estimator);
  if constexpr (requires { o.parameters([](char const*, double) {}); })
    o.parameters([&](char const* name, double value) { inside += (inside.empty() ? "" : ", ") + std::string(name) + " = " + text(value); });
  return component_name(o) + "{" + inside + "}";
}

}  // namespace detail

/// The objective as it was composed, with its parameters:
///
///     clipped_ratio{epsilon = 0.2, epsilon_high = 0.28} + aggregate(step_mean, kl_penalty{k3, weight = 0.04}) + 0.5 value_loss{weight = 1}
template <class O>
  requires objective<O> || pair_objective<O>
std::string text(O const& o) {
  return detail::component_text(o);
}
template <class A, class B>
std::string text(sum<A, B> const& o);
template <class A>
std::string text(scaled<A> const& o);
template <class M, class A>
std::string text(aggregated<M, A> const& o);
template <class S, class A>
std::string text(selected<S, A> const& o);

template <class A, class B>
std::string text(sum<A, B> const& o) {
  return text(o.a) + " + " + text(o.b);
}
template <class A>
std::string text(scaled<A> const& o) {
  std::string inner = text(o.term);
  bool of_several = inner.find(" + ") != std::string::npos && inner.find("(") != 0 && inner.rfind("aggregate(", 0) != 0 && inner.rfind("weighted(", 0) != 0;
  return detail::text(o.factor) + " " + (of_several ? "(" + inner + ")" : inner);
}
template <class M, class A>
std::string text(aggregated<M, A> const& o) {
  return "aggregate(" + detail::component_name(o.mode) + ", " + text(o.term) + ")";
}
template <class S, class A>
std::string text(selected<S, A> const& o) {
  return "weighted(" + detail::component_name(o.selection) + ", " + text(o.term) + ")";
}

/// The same, and below it a line for each term: its name, its formula and where it is from.
template <class O>
std::string explained(O const& o) {
  std::string all = text(o) + "\n";
  auto line = [&]<class T>(T const& term) {
    all += "  " + detail::component_name(term);
    if constexpr (requires { T::notes; }) all += ": " + std::string(T::notes.formula) + " (" + T::notes.source + ")";
    all += "\n";
  };
  if constexpr (pair_objective<O>) line(o);
  else std::apply([&](auto const&... leaf) { (line(leaf.term), ...); }, detail::leaves<1, 0>(o, 1));
  return all;
}

namespace detail {

/// Terms that have a range for their parameters are asked whether these are in it.
template <class O>
void check_objective(O const& o) {
  auto one = [](auto const& term) {
    if constexpr (requires { term.check(); }) term.check();
  };
  if constexpr (pair_objective<O>) one(o);
  else std::apply([&](auto const&... leaf) { (one(leaf.term), ...); }, leaves<1, 0>(o, 1));
}

}  // namespace detail
}  // namespace cohort
