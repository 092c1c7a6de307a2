#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// The names of an enumeration's values, as its definition spells them: texts, settings, files and Python have no list
// of their own.

namespace COHORT_NAMESPACE::detail {

template <class E>
concept enumeration = std::is_enum_v<E>;

/// The name of a value, as the compiler writes it in the name of a function; empty where the value has none.
template <auto Value>
constexpr std::string_view enumerator() {
  std::string_view all = __PRETTY_FUNCTION__;
  all.remove_prefix(all.find("Value = ") + 8);
  all = all.substr(0, all.find_first_of(";]"));
  return all.front() == '(' ? std::string_view() : all.substr(all.rfind(':') + 1);
}
template <enumeration E, int N = 0>
constexpr int count_enumerators() {
  if constexpr (enumerator<E(N)>().empty()) return N;
  else return count_enumerators<E, N + 1>();
}

/// The names of 0, 1, ... until the first value without one.
template <enumeration E>
inline constexpr auto enumerators = []<int... K>(std::integer_sequence<int, K...>) {
  return std::array<std::string_view, sizeof...(K)>{enumerator<E(K)>()...};
}(std::make_integer_sequence<int, count_enumerators<E>()>());

template <enumeration E>
std::string name_of(E value) {
  auto const k = std::size_t(value);
  return k < enumerators<E>.size() ? std::string(enumerators<E>[k]) : std::to_string(k);
}
template <enumeration E>
constexpr std::optional<E> enumerator_named(std::string_view name) {
  for (std::size_t k = 0; k < enumerators<E>.size(); ++k)
    if (enumerators<E>[k] == name) return E(k);
  return {};
}
/// What a text may be instead: "a", "b" or "c".
template <enumeration E>
std::string any_enumerator() {
  std::string all;
  for (std::size_t k = 0, n = enumerators<E>.size(); k < n; ++k)
    all += (k == 0 ? "\"" : k + 1 == n ? " or \"" : ", \"") + std::string(enumerators<E>[k]) + '"';
  return all;
}

}  // namespace COHORT_NAMESPACE::detail
