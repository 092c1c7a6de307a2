#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace compare {

/// What the user asked for, checked. Every algorithm trains once from each of `seeds` consecutive seeds.
struct settings {
  std::string environment = "CartPole-v1";
  std::vector<std::string> algorithms;  ///< in the order of the table
  int seeds = 10;
  std::uint64_t first_seed = 1;
  long steps = 0;            ///< environment steps a run may take; 0: the environment's default
  std::optional<int> group;  ///< group size of the algorithms that have groups; empty: each algorithm's own
  int threads = 1;           ///< runs at a time; a run itself uses one thread
  std::filesystem::path out = "build/compare";
  bool overwrite = false;
};

}  // namespace compare
