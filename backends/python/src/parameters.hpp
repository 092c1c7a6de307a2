#pragma once
#include <cohort/objective/text.hpp>

#include "arrays.hpp"

// Components by keywords.

namespace cohort::python {

/// One of some names.
template <class E, std::size_t N>
E choice(char const* where, char const* what, std::string const& given, std::pair<char const*, E> const (&options)[N]) {
  std::string names;
  for (auto const& [name, value] : options) {
    if (given == name) return value;
    names += (names.empty() ? "'" : ", '") + std::string(name) + "'";
  }
  throw value_error(std::string(where) + ": " + what + " is '" + given + "', expected one of " + names);
}

/// An object with the parameters that keywords give; what they leave keeps its default, one that follows another's
/// included.
template <class O>
O with_parameters(nb::kwargs const& given) {
  O o{};
  char const* name = O::notes.name;
  auto wrong = [&](std::string const& parameter, std::string const& what) {
    throw value_error(std::string(name) + ": " + parameter + what);
  };
  if constexpr (requires { O{.epsilon = 1.}; })
    if (given.contains("epsilon")) {
      double epsilon;
      if (nb::try_cast(given["epsilon"], epsilon)) o = O{.epsilon = epsilon};
    }
  for (auto [key, value] : given) {
    auto parameter = nb::cast<std::string>(key);
    std::string names;
    bool found = false;
    cohort::detail::each_parameter<true>(o, [&]<class V>(char const* one, V const& member) {
      if constexpr (std::is_arithmetic_v<V>) {
        names += (names.empty() ? "" : ", ") + std::string(one);
        if (parameter != one) return;
        found = true;
        if (!nb::try_cast(value, const_cast<V&>(member)))
          wrong(parameter, " is " + nb::cast<std::string>(nb::repr(value)) +
                               (std::is_same_v<V, bool> ? ", expected True or False" : ", expected a number"));
      }
    });
    if (!found)
      wrong(parameter, std::string(" is no parameter of it") +
                           (names.empty() ? ", which has none" : ", expected one of " + names));
  }
  if constexpr (requires { o.check(); }) o.check();
  return o;
}

/// Formula, keywords with their defaults, and source.
template <class O>
std::string documentation() {
  std::string doc = std::string(O::notes.formula) + "\n\n", defaults;
  cohort::detail::each_parameter<true>(O{}, [&]<class V>(char const* name, V const& value) {
    if constexpr (std::is_arithmetic_v<V>)
      defaults += (defaults.empty() ? "" : ", ") + std::string(name) + " = " + cohort::detail::text(double(value));
  });
  if (!defaults.empty()) doc += "Keywords and their defaults: " + defaults + ".\n\n";
  return doc + "Source: " + std::string(O::notes.source) + ".";
}

}  // namespace cohort::python
