#pragma once
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "curve.hpp"
#include "result.hpp"
#include "settings.hpp"
#include "statistics.hpp"

namespace compare {

/// One algorithm's runs as the numbers that are shown.
struct algorithm_summary {
  std::string name;
  double iqm = 0;           ///< interquartile mean of the runs' final returns
  interval iqm_interval{};  ///< its 95% bootstrap interval
  int seeds = 0;
  int solved = 0;
  std::optional<long> steps_to_threshold;      ///< median over the seeds; empty if most never did
  std::optional<double> seconds_to_threshold;  ///< the same, in seconds
  double seconds = 0;                          ///< median training time of a run
  double steps_per_second = 0;                 ///< median over the runs
  std::size_t parameter_bytes = 0;             ///< largest over the runs
  std::size_t optimizer_bytes = 0;             ///< largest over the runs
  std::vector<curve_point> by_steps;
  std::vector<curve_point> by_seconds;
};

/// A whole comparison, as every output shows it.
struct comparison {
  settings asked;
  std::string backend;
  std::string version;
  double threshold = 0;
  long steps = 0;  ///< the most that a run took
  std::vector<algorithm_summary> algorithms;
};

/// The summary of one algorithm's runs, of which there is at least one.
inline algorithm_summary summarize(std::string const& name, std::vector<run_result> const& runs) {
  algorithm_summary summary;
  summary.name = name;
  summary.seeds = static_cast<int>(runs.size());
  std::vector<double> returns, seconds, speeds;
  std::vector<std::optional<long>> steps_to;
  std::vector<std::optional<double>> seconds_to;
  for (auto const& run : runs) {
    returns.push_back(run.final_return);
    seconds.push_back(run.seconds);
    speeds.push_back(run.seconds > 0 ? static_cast<double>(run.steps) / run.seconds : 0);
    steps_to.push_back(run.steps_to_threshold);
    seconds_to.push_back(run.seconds_to_threshold);
    summary.solved += run.solved;
    summary.parameter_bytes = std::max(summary.parameter_bytes, run.parameter_bytes);
    summary.optimizer_bytes = std::max(summary.optimizer_bytes, run.optimizer_bytes);
  }
  summary.iqm = interquartile_mean(returns);
  summary.iqm_interval = bootstrap_interval(returns);
  if (auto const steps = median_time<long>(steps_to)) summary.steps_to_threshold = std::lround(*steps);
  summary.seconds_to_threshold = median_time<double>(seconds_to);
  summary.seconds = median(seconds);
  summary.steps_per_second = median(speeds);
  summary.by_steps = curve_by_steps(runs);
  summary.by_seconds = curve_by_seconds(runs);
  return summary;
}

inline comparison summarize(settings const& asked, std::string backend, std::string version, double threshold,
                            std::vector<run_result> const& results) {
  comparison all{asked, std::move(backend), std::move(version), threshold, 0, {}};
  for (auto const& result : results) all.steps = std::max(all.steps, result.steps);
  for (auto const& name : asked.algorithms) {
    std::vector<run_result> runs;
    std::copy_if(results.begin(), results.end(), std::back_inserter(runs),
                 [&](auto const& run) { return run.algorithm == name; });
    all.algorithms.push_back(summarize(name, runs));
  }
  return all;
}

}  // namespace compare
