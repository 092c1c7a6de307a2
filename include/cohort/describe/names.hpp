#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// How many letters must be inserted, removed or replaced to turn one word into the other; upper and lower case count
/// as the same.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t(0));
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto replaced = diagonal + (lower(a[i]) != lower(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// The three known names that are nearest to this one, those that contain it first.
inline std::vector<std::string> nearest_names(std::string_view name, std::vector<std::string> const& known) {
  std::vector<std::pair<std::size_t, std::size_t>> order;
  for (auto const& k : known)
    order.emplace_back(!name.empty() && k.find(name) != std::string::npos ? 0 : edit_distance(name, k), order.size());
  std::sort(order.begin(), order.end());
  std::vector<std::string> nearest;
  for (auto [distance, i] : order)
    if (nearest.size() < 3) nearest.push_back(known[i]);
  return nearest;
}

/// "where: there is no KIND named NAME; the nearest are a, b and c".
inline value_error unknown_name(std::string const& where, std::string const& kind, std::string_view name,
                                std::vector<std::string> const& known) {
  auto near = nearest_names(name, known);
  std::string list;
  for (std::size_t i = 0; i < near.size(); ++i) list += (i == 0 ? "" : i + 1 == near.size() ? " and " : ", ") + near[i];
  return value_error(where + ": there is no " + kind + " named '" + std::string(name) + "'; the nearest are " + list);
}

/// What name_of says of each of a tuple.
template <class Tuple, class NameOf>
std::vector<std::string> names_of(Tuple const& all, NameOf name_of) {
  std::vector<std::string> names;
  std::apply([&](auto const&... x) { (names.push_back(name_of(x)), ...); }, all);
  return names;
}

/// f(the one of this name), f being compiled for each. Raises unknown_name where there is none.
template <class Tuple, class NameOf, class F>
void with_named(Tuple const& all, NameOf name_of, char const* where, char const* kind, std::string_view name, F f) {
  bool found = false;
  auto one = [&](auto const& x) {
    if (name == name_of(x)) found = true, f(x);
  };
  std::apply([&](auto const&... x) { (one(x), ...); }, all);
  if (!found) throw unknown_name(where, kind, name, names_of(all, name_of));
}

}  // namespace COHORT_NAMESPACE::detail
