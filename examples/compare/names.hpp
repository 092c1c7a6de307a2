#pragma once
#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

namespace compare {

/// How many letters must be inserted, removed or replaced to turn one word into the other; upper and lower case count as the same.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto const replaced = diagonal + (lower(a[i]) != lower(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// The known name that was probably meant: one at most two letters off, or else one that begins like it. Empty if there is none.
inline std::string closest(std::string const& name, std::vector<std::string> const& known) {
  std::string best;
  std::size_t least = 3;
  for (auto const& candidate : known)
    if (auto const distance = edit_distance(name, candidate); distance < std::min(least, candidate.size())) {
      best = candidate;
      least = distance;
    }
  if (best.empty() && name.size() >= 3)
    for (auto const& candidate : known)
      if (edit_distance(name, candidate.substr(0, name.size())) == 0) return candidate;
  return best;
}

inline void require_known(std::string const& kind, std::string const& name, std::vector<std::string> const& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  auto const meant = closest(name, known);
  throw std::runtime_error{"unknown " + kind + " '" + name + "'; " + (meant.empty() ? "" : "did you mean " + meant + "? ") +
                           "known: " + join(known)};
}

}  // namespace compare
