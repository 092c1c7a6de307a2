#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "config.hpp"

namespace cli {

struct compare_request {
  std::vector<std::string> algorithms;  ///< names, or TOML files of a config
  std::vector<field> fields;            ///< of all
  std::int64_t seeds = 10, threads = 1;
  std::int64_t every = 5000, episodes = 20;  ///< steps between the evaluations on the way, and episodes of each
  std::filesystem::path out = "runs/compare";
  bool overwrite = false;
  std::filesystem::path page{};  ///< in Markdown, a section of which the comparison becomes; none where it is empty
};

/// Trains each algorithm from each seed on one environment, and writes summary.json, curves.csv and report.html
/// (docs/comparing.md); the table is printed, and written to the page.
void compare(compare_request const& how);

}  // namespace cli
