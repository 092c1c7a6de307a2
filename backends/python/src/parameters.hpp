#pragma once
#include <cohort/advantage/all.hpp>
#include <cohort/aggregation/all.hpp>
#include <cohort/describe/enumerators.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/selection/all.hpp>
#include <limits>

#include "arrays.hpp"

// Components by keywords: their numbers by the names that they list, their choices by the words of their enumerations.

namespace cohort::python {

/// 'a', 'b', 'c'
template <class E>
std::string words_of() {
  std::string all;
  for (auto word : cohort::detail::enumerators<E>) all += (all.empty() ? "'" : ", '") + std::string(word) + "'";
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
    auto const found = cohort::detail::enumerator_named<V>(nb::try_cast(given, word) ? word : "");
    if (!found) wrong("one of " + words_of<V>());
    to = *found;
  } else if (!nb::try_cast(given, to)) {
    wrong(std::is_same_v<V, bool> ? "True or False" : std::is_integral_v<V> ? "a whole number" : "a number");
  }
}

/// f(keyword, member) for the numbers and choices of a component, but for those of group_relative that say what of a
/// series is compared: here that is its score. Python has a meaning of its own for lambda.
template <class O, class F>
void each_keyword(O& o, F f) {
  cohort::detail::each_parameter<true>(o, [&]<class V>(char const* name, V const& member) {
    if constexpr (std::is_arithmetic_v<V>) f(std::string_view(name) == "lambda" ? "lam" : name, const_cast<V&>(member));
  });
  cohort::detail::each_parameter<true>(o, [&]<class V>(char const* name, V const& member) {
    if constexpr (std::is_enum_v<V> && !std::is_same_v<V, empty_series> && !std::is_same_v<V, credit> &&
                  !std::is_same_v<V, finished_episodes>)
      f(name, const_cast<V&>(member));
  });
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
  if constexpr (requires { o.check(); }) try {
      o.check();
    } catch (value_error const& e) {
      std::string what = e.what();
      if (auto at = what.find(": lambda is "); at != what.npos) what.replace(at + 2, 6, "lam");
      throw value_error(what);
    }
  return o;
}

/// Formula, keywords with their defaults, and source.
template <class O>
std::string documentation(std::string const& more = {}) {
  std::string doc = std::string(O::notes.formula) + "\n\n" + more, defaults;
  O o{};
  each_keyword(o, [&]<class V>(char const* keyword, V const& value) {
    defaults += (defaults.empty() ? "" : ", ") + std::string(keyword) + " = ";
    if constexpr (std::is_enum_v<V>) defaults += "'" + cohort::detail::name_of(value) + "', one of " + words_of<V>();
    else if constexpr (std::is_same_v<V, bool>) defaults += value ? "True" : "False";
    else defaults += cohort::detail::text(double(value));
  });
  if (!defaults.empty()) doc += "Keywords and their defaults: " + defaults + ".\n\n";
  return doc + "Source: " + O::notes.source + ".";
}

}  // namespace cohort::python
