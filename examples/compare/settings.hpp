#pragma once
#include <cohort/compare/options.hpp>
#include <cohort/compare/text.hpp>
#include <filesystem>
#include <optional>
#include <string>

namespace compare {

using namespace cohort::comparing;

/// What the user asked for, checked.
struct settings : plan {
  std::optional<int> group;  ///< group size of the algorithms that have groups; empty: each algorithm's own
  std::filesystem::path out = "build/compare";
  bool overwrite = false;

  settings() { environment = "CartPole-v1", steps = 0; }  // 0: the environment's default
};

/// What asks for the same once more.
inline std::string command(settings const& asked) {
  return "compare --env " + asked.environment + " --algorithms " + join(asked.algorithms, ",") + " --seeds " +
         std::to_string(asked.seeds) + " --first-seed " + std::to_string(asked.first_seed) +
         (asked.steps ? " --steps " + std::to_string(asked.steps) : "") +
         (asked.group ? " --group " + std::to_string(*asked.group) : "") + " --threads " +
         std::to_string(asked.threads);
}

}  // namespace compare
