#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace COHORT_NAMESPACE::detail {

/// A type as the compiler writes it in the name of a function with X, without its namespaces.
inline std::string short_type_name(std::string_view function) {
  auto first = function.find("X = ") + 4;
  std::string all(function.substr(first, function.find_first_of(";]", first) - first));
  std::string_view const unnamed = "(anonymous namespace)::";  // clang's, the one namespace with a space in it
  for (auto at = all.find(unnamed); at != all.npos; at = all.find(unnamed, at)) all.erase(at, unnamed.size());
  std::string name;
  for (std::size_t i = 0, word = 0; i <= all.size(); ++i) {
    if (i + 1 < all.size() && all[i] == ':' && all[i + 1] == ':') {
      word = i + 2;
      ++i;
    } else if (i == all.size() || all[i] == '<' || all[i] == ',' || all[i] == '>' || all[i] == ' ') {
      if (i > word) name.append(all, word, i - word);
      if (i < all.size() && all[i] != ' ') name += all[i];
      if (i < all.size() && all[i] == ',') name += ' ';
      word = i + 1;
    }
  }
  return name;
}
template <class X>
std::string type_name() {
#if defined(__clang__) || defined(__GNUC__)
  return short_type_name(__PRETTY_FUNCTION__);
#else
  return "objective";
#endif
}

template <class X>
std::string component_name(X const&) {
  if constexpr (requires { X::notes; }) return X::notes.name;
  else return type_name<X>();
}
}  // namespace COHORT_NAMESPACE::detail
