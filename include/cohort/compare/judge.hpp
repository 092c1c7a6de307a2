#pragma once
#include <algorithm>
#include <cohort/compare/options.hpp>
#include <cohort/compare/result.hpp>
#include <cohort/run/train_report.hpp>
#include <cstdint>

namespace COHORT_NAMESPACE::comparing {

namespace detail {

/// The last evaluation's starts. Those on the way have the seeds of their steps, which are fewer.
inline std::uint64_t final_seed(compare_options const& how, std::uint64_t seed) {
  return std::uint64_t(std::max<std::int64_t>(1'000'000, how.steps + 1)) + seed;
}

}  // namespace detail

/// Evaluates a run from a seed as compare_options says, and notes when the threshold fell: a hook of train, or to be
/// called by hand. evaluate(episodes, seed) is the policy's mean return as it is then.
template <class Evaluate>
class judge {
 public:
  judge(compare_options const& how, std::uint64_t seed, Evaluate evaluate) : how_(how), evaluate_(evaluate) {
    result_.seed = seed;
  }

  void on_start(train_report const&) { look(0, 0); }
  /// Whether the comparison is to stop.
  bool on_update(train_report const& report) {
    if (report.steps >= next_) look(report.steps, report.seconds);
    return how_.stop();
  }

  /// What the run was, with the last evaluation where no hook has stopped it.
  run_result result(train_report const& report) {
    result_.steps = long(report.steps);
    result_.complete = !report.stopped;
    if (report.stopped) return result_;
    result_.final_return = evaluate_(how_.final_episodes, detail::final_seed(how_, result_.seed));
    result_.solved = how_.threshold && result_.final_return >= *how_.threshold;
    result_.seconds = report.seconds;
    result_.parameter_bytes = report.parameter_bytes;
    result_.optimizer_bytes = report.optimizer_bytes;
    result_.warnings = report.warnings;
    return result_;
  }

 private:
  void look(std::int64_t steps, double seconds) {
    next_ = steps / how_.every * how_.every + how_.every;
    double const mean = evaluate_(how_.episodes, std::uint64_t(steps));
    result_.curve.push_back({long(steps), seconds, mean});
    if (!how_.threshold || mean < *how_.threshold || result_.steps_to_threshold) return;
    result_.steps_to_threshold = long(steps);
    result_.seconds_to_threshold = seconds;
  }

  compare_options const& how_;
  Evaluate evaluate_;
  run_result result_;
  std::int64_t next_ = 0;
};

}  // namespace COHORT_NAMESPACE::comparing
