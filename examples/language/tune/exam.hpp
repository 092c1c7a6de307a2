#pragma once
#include "record.hpp"
#include "run.hpp"

namespace tuning {

/// What an evaluation said, by names that logs have: eval/reward, eval/rewards/NAME/mean, eval/pass@1, eval/loss, ...
struct exam_result {
  std::int64_t updates = 0;
  double seconds = 0;  ///< of training until then
  std::vector<std::pair<std::string, double>> values{};
  std::vector<shown_completion> samples{};

  double at(std::string const& name) const;  ///< NaN where there is none
};

/// Evaluates on the held-out rows, always with the same draws.
class exam {
 public:
  /// Of the model as it is at the beginning, before a checkpoint is read. The task and the rows must outlive it.
  exam(settings const& s, cohort::language::data_task const& task,
       std::vector<cohort::language::encoded_row> const& held_out, any_run& run);

  exam_result operator()(any_run& run) const;
  /// Of the names in results the one that says best how good the model is, and whether it is to rise.
  std::string main_value() const;

 private:
  void generate(any_run& run, exam_result& to) const;
  double log_probability(any_run& run, std::size_t row, std::size_t which) const {
    return run.log_probability(rows_[row].prompt, rows_[row].given[which]);
  }

  settings settings_;
  cohort::language::data_task const& task_;
  std::span<cohort::language::encoded_row const> rows_;
  std::size_t pass_;                     // the reward that says whether a completion passes; their number for none
  std::vector<double> reference_gap_{};  // of DPO: ln p(chosen) - ln p(rejected) at the beginning
};

}  // namespace tuning
