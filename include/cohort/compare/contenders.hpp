#pragma once
#include <algorithm>
#include <cohort/compare/jobs.hpp>
#include <cohort/compare/options.hpp>
#include <cohort/compare/provenance.hpp>
#include <cohort/compare/summary.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::comparing {

/// An algorithm of a comparison that is known by its name only: what it is made of, part by part, and what trains it.
struct any_contender {
  std::string name, hyperparameters;
  std::function<run_result(std::uint64_t seed)> train;
};

/// Trains each from each seed, `asked.threads` runs at a time, and sums up what is complete. A run that throws ends the
/// comparison, as `asked.stop` does: what was done before is in the result, whose `stopped_by` says why not all, and
/// `failed` whether something was thrown. Raises value_error for what cannot be compared.
inline comparison compare_contenders(std::vector<any_contender> const& contenders, plan asked, provenance made) {
  asked.algorithms.clear();
  for (auto const& one : contenders) asked.algorithms.push_back(one.name);
  asked.check();
  auto const of = [&](std::string const& name) -> any_contender const& {
    return *std::find_if(contenders.begin(), contenders.end(), [&](auto const& one) { return one.name == name; });
  };
  auto const jobs = jobs_of(asked);
  auto const [results, failure] =
      run_jobs(jobs, asked.threads, [&](job const& one) { return of(one.algorithm).train(one.seed); }, asked);
  auto all = summarize(asked, std::move(made), results, failure,
                       [&](std::string const& name) { return of(name).hyperparameters; });
  all.failed = !failure.empty();
  if (!all.failed && all.complete < jobs.size()) all.stopped_by = "stopped on demand";
  return all;
}

}  // namespace COHORT_NAMESPACE::comparing
