#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config.hpp"
#include "database.hpp"

namespace cli {

/// A trial of a sweep and what its runs came to.
struct ranked_trial {
  std::int64_t id = 0;
  std::string fields;
  std::vector<double> means;  ///< of the runs that are done, of the last evaluation's returns
  std::int64_t steps = 0;     ///< to which all of them came
  double seconds = 0;         ///< of training, all together
  std::int64_t failed = 0;
  std::string error;  ///< of one that failed

  double mean() const;
  double interval() const;  ///< half of the 95% interval of the mean (Student's t); NaN for one run
};

/// The trials that came furthest first, among these those with the best mean; those without a run last.
std::vector<ranked_trial> ranked(database& db);
std::string ranking_table(std::vector<ranked_trial> const& trials);
/// ranking.txt and ranking.html.
void write_ranking(std::filesystem::path const& folder, std::vector<ranked_trial> const& trials, config const& base);

}  // namespace cli
