#pragma once
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>
#include <cohort/describe/names.hpp>
#include <cohort/describe/setting.hpp>

#include "rule_lanes.hpp"

namespace cohort::python {

inline std::string text_of(nb::handle given) { return nb::cast<std::string>(nb::repr(given)); }

/// The parameters that are several numbers or words. False of another name.
template <class E>
bool set_several(E& e, std::string const& where, std::string const& name, nb::handle given) {
  auto set = [&](char const* known, auto& to, char const* kind) {
    if (name != known) return false;
    if (!nb::try_cast(given, to))
      throw value_error(where + ": " + name + " is " + text_of(given) + ", expected " + std::to_string(to.size()) +
                        kind);
    return true;
  };
  if constexpr (requires { e.chances; }) return set("chances", e.chances, " numbers");
  else if constexpr (requires { e.torques; }) return set("torques", e.torques, " numbers");
  else if constexpr (requires { e.map; }) return set("map", e.map, " words");
  else return false;
}

inline setting setting_of(std::string const& where, std::string const& name, nb::handle given) {
  double number = 0;
  if (nb::isinstance<nb::bool_>(given)) return {name, nb::cast<bool>(given)};
  if (nb::isinstance<nb::str>(given)) return {name, nb::cast<std::string>(given)};
  if (!nb::try_cast(given, number))
    throw value_error(where + ": " + name + " is " + text_of(given) + ", expected a number, a bool or a word");
  return {name, number};
}

/// The environment of a name (the library's, without Gymnasium's namespace) with some of its parameters, computed in T.
/// Raises value_error for a name or a parameter that there is not, with the nearest, and for what does not fit.
template <class T>
std::unique_ptr<environment_lanes> make_lanes(std::string const& name, nb::dict const& parameters,
                                              environment_lanes::options const& o) {
  std::unique_ptr<environment_lanes> made;
  std::vector<std::string> names;
  rules::each_named_environment([&]<class E>(char const* known, E const& as_it_is, auto remade) {
    names.push_back(known);
    if (name != known) return;
    auto set = [&](E& e) {
      std::vector<setting> settings;
      for (auto [key, value] : parameters) {
        auto const parameter = nb::cast<std::string>(key);
        if (!set_several(e, o.name, parameter, value)) settings.push_back(setting_of(o.name, parameter, value));
      }
      rules::set_parameters(e, o.name, settings);
    };
    E e = as_it_is;
    set(e);
    e = remade(e);
    set(e);
    made = std::make_unique<rule_lanes<E, T>>(e, o);
  });
  if (!made) throw rules::unknown_name("cohort.gymnasium", "environment", name, names);
  return made;
}

}  // namespace cohort::python
