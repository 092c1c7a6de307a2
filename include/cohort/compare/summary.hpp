#pragma once
#include <algorithm>
#include <cohort/statistics/improvement.hpp>
#include <cohort/statistics/quantile.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <cohort/compare/curve.hpp>
#include <cohort/compare/options.hpp>
#include <cohort/compare/provenance.hpp>
#include <cohort/compare/result.hpp>
#include <cohort/compare/text.hpp>

namespace COHORT_NAMESPACE::comparing {

/// How a run ended.
struct final_return {
  std::uint64_t seed;
  double value;
};

/// One algorithm's complete runs as the numbers that are shown.
struct algorithm_summary {
  std::string name;
  std::string hyperparameters{};  ///< part by part, as text(algorithm) has them
  std::vector<final_return> finals{};
  double iqm = 0;                       ///< interquartile mean of the runs' final returns
  statistics::interval iqm_interval{};  ///< its 95% bootstrap interval
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

/// The first algorithm over the second, by their places.
struct pair_summary {
  std::size_t better, worse;
  statistics::improvement found;
};

/// A whole comparison, as every output shows it.
struct comparison {
  plan asked;
  provenance made;
  std::vector<run_result> results{};            ///< of every run that was begun, in the order of the jobs
  long steps = 0;                               ///< the most that a run took
  std::vector<algorithm_summary> algorithms{};  ///< those with a complete run
  std::vector<pair_summary> pairs{};
  std::size_t complete = 0;             ///< runs
  std::vector<run_result> cut_short{};  ///< runs that were stopped: they count nowhere
  std::string stopped_by{};             ///< who asked, or what went wrong; empty where all runs are complete
  bool failed = false;                  ///< whether it is what went wrong
  std::vector<std::string> warnings{};  ///< what the training said of itself
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
    summary.finals.push_back({run.seed, run.final_return});
    returns.push_back(run.final_return);
    seconds.push_back(run.seconds);
    speeds.push_back(run.seconds > 0 ? static_cast<double>(run.steps) / run.seconds : 0);
    steps_to.push_back(run.steps_to_threshold);
    seconds_to.push_back(run.seconds_to_threshold);
    summary.solved += run.solved;
    summary.parameter_bytes = std::max(summary.parameter_bytes, run.parameter_bytes);
    summary.optimizer_bytes = std::max(summary.optimizer_bytes, run.optimizer_bytes);
  }
  summary.iqm = statistics::interquartile_mean(returns);
  summary.iqm_interval = statistics::interquartile_mean_interval(returns);
  if (auto const steps = statistics::median_time<long>(steps_to)) summary.steps_to_threshold = std::lround(*steps);
  summary.seconds_to_threshold = statistics::median_time<double>(seconds_to);
  summary.seconds = statistics::median(seconds);
  summary.steps_per_second = statistics::median(speeds);
  summary.by_steps = curve_by_steps(runs);
  summary.by_seconds = curve_by_seconds(runs);
  return summary;
}

/// Of complete runs. `hyperparameters(algorithm)` says what an algorithm is made of.
template <class F>
comparison summarize(plan const& asked, provenance made, std::vector<run_result> const& results, std::string stopped_by,
                     F const& hyperparameters) {
  comparison all{asked, std::move(made), results};
  all.stopped_by = std::move(stopped_by);
  for (auto const& name : asked.algorithms) {
    std::vector<run_result> runs;
    for (auto const& run : results) {
      if (run.algorithm != name) continue;
      (run.complete ? runs : all.cut_short).push_back(run);
      for (auto const& warning : run.warnings)
        if (auto const text = name + ": " + warning;
            std::find(all.warnings.begin(), all.warnings.end(), text) == all.warnings.end())
          all.warnings.push_back(text);
    }
    if (runs.empty()) continue;
    all.complete += runs.size();
    for (auto const& run : runs) all.steps = std::max(all.steps, run.steps);
    all.algorithms.push_back(summarize(name, runs));
    all.algorithms.back().hyperparameters = hyperparameters(name);
  }
  auto const values = [&](std::size_t i) {
    std::vector<double> found;
    for (auto const& run : all.algorithms[i].finals) found.push_back(run.value);
    return found;
  };
  for (std::size_t i = 0; i < all.algorithms.size(); ++i)
    for (std::size_t k = i + 1; k < all.algorithms.size(); ++k)
      all.pairs.push_back({i, k, statistics::probability_of_improvement(values(i), values(k))});
  return all;
}

/// "7 of 30 runs are complete: stopped by SIGINT", and which runs were cut short.
inline std::string how_it_stopped(comparison const& all) {
  std::string text = std::to_string(all.complete) + " of " +
                     std::to_string(static_cast<std::size_t>(all.asked.seeds) * all.asked.algorithms.size()) +
                     (all.complete == 1 ? " run is" : " runs are") + " complete: " + all.stopped_by;
  std::vector<std::string> cut;
  for (auto const& run : all.cut_short)
    cut.push_back(run.algorithm + " seed " + std::to_string(run.seed) + " at " + thousands(run.steps) + " steps");
  return text + (cut.empty() ? "" : "; cut short, and in curves.csv only: " + join(cut));
}

}  // namespace COHORT_NAMESPACE::comparing
