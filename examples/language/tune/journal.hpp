#pragma once
#include <cohort/hook/json_lines.hpp>
#include <cohort/hook/tensorboard_log.hpp>
#include <filesystem>
#include <optional>

#include "exam.hpp"

namespace tuning {

/// The logs in a run's folder. What they have of updates after `updates`, which are done again, is cut off first.
///
///     metrics.jsonl      a line for each update, by TRL's names, with each reward's mean and deviation
///     evaluations.jsonl  a line for each evaluation
///     completions.jsonl  the best, the worst and some others of each update, and some of each evaluation, with rewards
///     tensorboard/       the numbers of metrics.jsonl, and those of evaluations as of the update before them
class journal {
 public:
  journal(std::filesystem::path const& out, cohort::language::data_task const& task, std::int64_t updates);

  /// Of completions that are judged from now on until an update.
  record& seen() { return seen_; }
  void on_update(cohort::train_report const& r);
  void on_exam(exam_result const& result);
  std::vector<exam_result> const& exams() const { return exams_; }

 private:
  std::vector<cohort::log_column> columns() const;
  void write(char const* kind, std::int64_t step, std::vector<shown_completion> const& all);

  cohort::reward_list<cohort::language::data_row> const& rewards_;
  record seen_;
  std::vector<exam_result> exams_;
  cohort::json_lines metrics_;
  cohort::tensorboard_log board_;
  cohort::detail::log_file evaluations_, completions_;
};

}  // namespace tuning
