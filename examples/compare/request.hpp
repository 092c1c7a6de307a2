#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../program/numbers.hpp"
#include "../program/words.hpp"
#include "names.hpp"
#include "settings.hpp"

namespace compare {

/// What was typed, option by option; empty where nothing was.
struct request {
  std::optional<std::string> environment, algorithms, seeds, first_seed, steps, group, threads, out;
  bool overwrite = false;
};

/// Names between commas, each known and none twice.
inline std::vector<std::string> algorithm_names(std::string const& typed, std::vector<std::string> const& known) {
  std::vector<std::string> names;
  for (auto const& name : program::split(typed, ',')) {
    require_known("algorithm", name, known);
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw program::usage_error{"--algorithms names " + name + " twice"};
    names.push_back(name);
  }
  return names;
}

/// The settings that a request asks for, or an error of one line that says which option is wrong and what it may be.
inline settings checked(request const& typed, std::vector<std::string> const& environments,
                        std::vector<std::string> const& algorithms) {
  settings asked;
  if (typed.environment) asked.environment = *typed.environment;
  require_known("environment", asked.environment, environments);
  asked.algorithms = typed.algorithms ? algorithm_names(*typed.algorithms, algorithms) : algorithms;

  using program::whole_number_of;
  asked.seeds = whole_number_of("--seeds", typed.seeds, asked.seeds, 1, 10'000);
  asked.first_seed =
      whole_number_of("--first-seed", typed.first_seed, asked.first_seed, 1,
                      std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(asked.seeds - 1));
  asked.steps = whole_number_of("--steps", typed.steps, asked.steps, 1);
  asked.threads =
      program::threads_of(typed.threads, static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  if (typed.group)
    asked.group = whole_number_of(
        "--group", typed.group, 0, 2, std::numeric_limits<int>::max(),
        ": an advantage is what a return has over its group's mean, and a group of one is its own mean");

  if (typed.out) asked.out = *typed.out;
  asked.overwrite = typed.overwrite || !typed.out;
  return asked;
}

}  // namespace compare
