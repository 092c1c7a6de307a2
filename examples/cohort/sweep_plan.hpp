#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "config.hpp"

// What a sweep tries.

namespace cli {

/// A field that a sweep varies: values of a grid, or a range to draw from.
struct varied {
  std::string name, where{};
  std::vector<value> values{};
  double low = 0, high = 0;
  bool logarithmic = false, whole = false;
};

struct sweep_plan {
  std::vector<field> base;  ///< of every run
  std::vector<varied> fields;
  std::string method = "grid";  ///< grid, random, or halving: random, of which the better ones go on
  std::int64_t trials = 20, seeds = 3, seed = 1, processes = 1, rungs = 3;
  double keep = 1. / 3;  ///< of the trials, from one rung to the next

  /// The fields of each trial.
  std::vector<std::vector<field>> drawn() const;
};

/// Of a TOML file with a table [sweep]. Raises program::usage_error with the line for what cannot be; that the fields
/// are some, and the values possible, is found out for the first trial and each value by itself.
sweep_plan plan_of_file(std::string const& path);

}  // namespace cli
