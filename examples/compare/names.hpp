#pragma once
#include <algorithm>
#include <cohort/describe/names.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../program/exit_status.hpp"
#include "settings.hpp"

namespace compare {

using cohort::detail::edit_distance;

/// The known name that was probably meant: one at most two letters off, or else one that begins like it. Empty if there
/// is none.
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
  throw program::usage_error{"unknown " + kind + " '" + name + "'; " +
                             (meant.empty() ? "" : "did you mean " + meant + "? ") + "known: " + join(known)};
}

}  // namespace compare
