#pragma once
#include <array>
#include <cohort/advantage/all.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/selection/all.hpp>
#include <limits>
#include <utility>

#include "arrays.hpp"

// Components by keywords: their numbers by the names that they list, their choices by these words.

namespace cohort::python {

template <class E>
inline constexpr std::array<std::pair<char const*, E>, 0> words{};
#define COHORT_WORDS(E, ...) \
  template <>                \
  inline constexpr auto words<E> = std::to_array<std::pair<char const*, E>>({__VA_ARGS__});
COHORT_WORDS(invalid_steps, {"skip", invalid_steps::skip}, {"decay", invalid_steps::decay})
COHORT_WORDS(group_baseline, {"mean", group_baseline::mean}, {"leave_one_out", group_baseline::leave_one_out},
             {"none", group_baseline::none})
COHORT_WORDS(group_scale, {"group_std", group_scale::group_std}, {"batch_std", group_scale::batch_std},
             {"none", group_scale::none})
COHORT_WORDS(group_of_one, {"zero", group_of_one::zero}, {"raw", group_of_one::raw})
COHORT_WORDS(epsilon_rule, {"added", epsilon_rule::added}, {"floor", epsilon_rule::floor})
COHORT_WORDS(averaged_over, {"steps", averaged_over::steps}, {"series", averaged_over::series})
COHORT_WORDS(ratio_over, {"step", ratio_over::step}, {"series", ratio_over::series},
             {"geometric_mean", ratio_over::geometric_mean})
COHORT_WORDS(beyond_bounds, {"truncate", beyond_bounds::truncate}, {"mask", beyond_bounds::mask})
COHORT_WORDS(bounded_over, {"step", bounded_over::step}, {"series_sum", bounded_over::series_sum},
             {"series_mean", bounded_over::series_mean}, {"series_max", bounded_over::series_max})
#undef COHORT_WORDS

/// 'a', 'b', 'c'
template <class E>
std::string words_of() {
  std::string all;
  for (auto const& [word, value] : words<E>) all += (all.empty() ? "'" : ", '") + std::string(word) + "'";
  return all;
}

template <class V>
void set_parameter(std::string const& where, nb::handle given, V& to) {
  auto wrong = [&](std::string const& expected) {
    auto value = nb::cast<std::string>(nb::repr(given));
    if (value.size() > 60 || value.find('\n') != std::string::npos)
      value = "of type " + nb::cast<std::string>(nb::str(given.type().attr("__name__")));
    throw value_error(where + " is " + value + ", expected " + expected);
  };
  if constexpr (std::is_enum_v<V>) {
    std::string word;
    if (nb::try_cast(given, word))
      for (auto const& [one, value] : words<V>)
        if (word == one) return void(to = value);
    wrong("one of " + words_of<V>());
  } else if (!nb::try_cast(given, to)) {
    wrong(std::is_same_v<V, bool> ? "True or False" : std::is_integral_v<V> ? "a whole number" : "a number");
  }
}

/// f(keyword, member) for the numbers and choices of a component. Python has a meaning of its own for lambda.
template <class O, class F>
void each_keyword(O& o, F f) {
  cohort::detail::each_parameter<true>(o, [&]<class V>(char const* name, V const& member) {
    if constexpr (std::is_arithmetic_v<V>) f(std::string_view(name) == "lambda" ? "lam" : name, const_cast<V&>(member));
  });
  auto choice = [&]<class V>(char const* name, V& member) {
    if constexpr (words<V>.size() > 0) f(name, member);
  };
  if constexpr (requires { o.invalid; }) choice("invalid", o.invalid);
  if constexpr (requires { o.baseline; }) choice("baseline", o.baseline);
  if constexpr (requires { o.scale; }) choice("scale", o.scale);
  if constexpr (requires { o.single; }) choice("single", o.single);
  if constexpr (requires { o.rule; }) choice("rule", o.rule);
  if constexpr (requires { o.over; }) choice("over", o.over);
  if constexpr (requires { o.beyond; }) choice("beyond", o.beyond);
  if constexpr (requires { o.empty; }) {
    bool counts = o.empty == decltype(o.empty){1};
    f("count_empty", counts);
    o.empty = decltype(o.empty){counts};
  }
}

/// An object with the parameters that are given, by keyword or in their order; what is left keeps its default, one that
/// follows another's included.
template <class O>
O with_parameters(nb::kwargs given, nb::args const& in_order = {}) {
  std::string name = O::notes.name, names;
  std::size_t k = 0;
  O o{};
  each_keyword(o, [&](char const* keyword, auto const&) {
    names += (names.empty() ? "" : ", ") + std::string(keyword);
    if (k == in_order.size()) return;
    if (given.contains(keyword)) throw value_error(name + ": " + keyword + " is given twice");
    given[keyword] = in_order[k++];
  });
  if (k < in_order.size())
    throw value_error(name + ": " + std::to_string(in_order.size()) + " parameters are given, expected no more than " +
                      std::to_string(k));
  for (auto [key, value] : given) refuse_unknown(name, nb::cast<std::string>(key), names, "is no parameter of it");
  if constexpr (requires { O{.epsilon = 1.}; }) {
    double epsilon;
    if (given.contains("epsilon") && nb::try_cast(given["epsilon"], epsilon)) o = O{.epsilon = epsilon};
  }
  each_keyword(o, [&](char const* keyword, auto& member) {
    if (given.contains(keyword)) set_parameter(name + ": " + keyword, given[keyword], member);
  });
  if constexpr (requires { o.check(); }) o.check();
  return o;
}

/// Formula, keywords with their defaults, and source.
template <class O>
std::string documentation(std::string const& more = {}) {
  std::string doc = std::string(O::notes.formula) + "\n\n" + more, defaults;
  O o{};
  each_keyword(o, [&]<class V>(char const* keyword, V const& value) {
    defaults += (defaults.empty() ? "" : ", ") + std::string(keyword) + " = ";
    if constexpr (std::is_enum_v<V>) defaults += "one of " + words_of<V>() + ", the first of them";
    else if constexpr (std::is_same_v<V, bool>) defaults += value ? "True" : "False";
    else defaults += cohort::detail::text(double(value));
  });
  if (!defaults.empty()) doc += "Keywords and their defaults: " + defaults + ".\n\n";
  return doc + "Source: " + O::notes.source + ".";
}

}  // namespace cohort::python
