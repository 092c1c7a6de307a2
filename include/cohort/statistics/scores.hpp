#pragma once
#include <cmath>
#include <cohort/error.hpp>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::statistics {

/// What an algorithm's runs reached: a number for each run on each task, all tasks having as many runs. (The paper
/// writes runs x tasks; here a task's runs stand together.)
///
/// Raises value_error where there is nothing, where tasks have unequal numbers of runs, and for what is not finite.
class scores {
 public:
  scores(std::vector<double> runs) : values_(std::move(runs)), runs_(values_.size()) { check(); }
  scores(std::span<double const> runs) : scores(std::vector<double>(runs.begin(), runs.end())) {}
  scores(std::initializer_list<double> runs) : scores(std::vector<double>(runs)) {}

  /// Of several tasks, each a list of its runs.
  static scores of_tasks(std::vector<std::vector<double>> const& tasks) {
    std::vector<double> values;
    for (std::size_t task = 0; task < tasks.size(); ++task) {
      if (tasks[task].size() != tasks[0].size())
        throw value_error("scores: task " + std::to_string(task) + " has " + std::to_string(tasks[task].size()) +
                          " runs, expected the " + std::to_string(tasks[0].size()) + " of task 0");
      values.insert(values.end(), tasks[task].begin(), tasks[task].end());
    }
    return {std::move(values), tasks.empty() ? 0 : tasks[0].size()};
  }

  std::size_t runs() const { return runs_; }
  std::size_t tasks() const { return values_.size() / runs_; }
  std::span<double const> task(std::size_t i) const { return values().subspan(i * runs_, runs_); }
  std::span<double> task(std::size_t i) { return values().subspan(i * runs_, runs_); }
  std::span<double const> values() const { return values_; }
  std::span<double> values() { return values_; }

 private:
  scores(std::vector<double> values, std::size_t runs) : values_(std::move(values)), runs_(runs) { check(); }
  void check() const {
    if (values_.empty()) throw value_error("scores: there are none, expected a task with a run or more");
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (!std::isfinite(values_[i]))
        throw value_error("scores: run " + std::to_string(i % runs_) + " of task " + std::to_string(i / runs_) +
                          " is " + cohort::detail::text(values_[i]) + ", expected a finite number");
  }

  std::vector<double> values_;
  std::size_t runs_;
};

}  // namespace COHORT_NAMESPACE::statistics
