#pragma once
#include <cmath>
#include <cohort/describe/enumerators.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/error.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace COHORT_NAMESPACE {

/// A parameter by name, with its value. Of an environment: {"torque_noise", .1}. Of an algorithm: {"objective.epsilon",
/// .1}, {"update.normalize", "none"}, {"advantage.tail", true}: the part, then the parameter as text(algorithm) shows
/// it. In between may stand, and must where the parameter would otherwise be one of several, the name of the term or
/// component that it belongs to: "objective.kl_penalty.weight". A bool may be 0 or 1 too.
struct setting {
  std::string name;
  std::variant<double, bool, std::string> value;

  template <class V>
    requires std::is_arithmetic_v<V> || std::is_convertible_v<V const&, std::string>
  setting(std::string of, V const& given) : name(std::move(of)) {
    if constexpr (std::is_arithmetic_v<V> && !std::is_same_v<V, bool>) value = double(given);
    else if constexpr (std::is_same_v<V, bool>) value = given;
    else value = std::string(given);
  }
  setting(std::string of, decltype(value) given) : name(std::move(of)), value(std::move(given)) {}
};

namespace detail {

using setting_value = decltype(setting::value);

inline std::string text(setting_value const& value) {
  if (auto const* word = std::get_if<std::string>(&value)) return '"' + *word + '"';
  if (auto const* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  return text(std::get<double>(value));
}

template <class V>
setting_value as_setting(V const& value) {
  if constexpr (std::is_enum_v<V>) return name_of(value);
  else if constexpr (std::is_same_v<V, bool>) return value;
  else return double(value);
}

template <class V>
void write_parameter(std::string const& name, void* place, setting_value const& given) {
  auto require_that = [&](bool fits, std::string const& expected) {
    if (!fits) throw value_error(name + " is " + text(given) + ", expected " + expected);
  };
  auto const* number = std::get_if<double>(&given);
  V value{};
  if constexpr (std::is_enum_v<V>) {
    auto const* word = std::get_if<std::string>(&given);
    auto const found = enumerator_named<V>(word ? *word : "");
    std::vector<std::string> const known(enumerators<V>.begin(), enumerators<V>.end());
    std::string const nearest = word ? "; the nearest is \"" + nearest_names(*word, known)[0] + '"' : "";
    require_that(found.has_value(), any_enumerator<V>() + nearest);
    value = *found;
  } else if constexpr (std::is_same_v<V, bool>) {
    auto const* yes = std::get_if<bool>(&given);
    require_that(yes || (number && (*number == 0 || *number == 1)), "true or false");
    value = yes ? *yes : *number == 1;
  } else if constexpr (std::is_integral_v<V>) {
    double const end = std::ldexp(1., std::numeric_limits<V>::digits);
    require_that(number && *number == std::floor(*number) && std::abs(*number) < end, "a whole number");
    value = V(*number);
  } else {
    require_that(number && *number == *number, "a number");
    value = V(*number);
  }
  *static_cast<V*>(place) = value;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
