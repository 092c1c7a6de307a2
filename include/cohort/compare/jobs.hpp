#pragma once
#include <algorithm>
#include <atomic>
#include <cohort/compare/options.hpp>
#include <cohort/compare/result.hpp>
#include <cohort/compare/text.hpp>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::comparing {

/// Seed by seed, so that what slows the machine down for a while slows all algorithms down.
inline std::vector<job> jobs_of(plan const& asked) {
  std::vector<job> jobs;
  for (int i = 0; i < asked.seeds; ++i)
    for (auto const& algorithm : asked.algorithms)
      jobs.push_back({algorithm, asked.first_seed + static_cast<std::uint64_t>(i)});
  return jobs;
}

/// What became of jobs: the results of those that gave one, in their order, and what the earliest that failed said,
/// with its algorithm and seed in front.
struct outcome_of_jobs {
  std::vector<run_result> results;
  std::string failure{};
};

/// Calls `train(job)` for every job on that many threads. `watch.started(job)` and `watch.finished(job)` are called
/// from those threads; once `watch.stop()` is true, and after an exception, no further job is begun. Jobs are begun in
/// order, so which failed one is the earliest doesn't depend on timing.
template <class Train, class Watch>
outcome_of_jobs run_jobs(std::vector<job> const& jobs, int threads, Train const& train, Watch& watch) {
  std::vector<run_result> results(jobs.size());
  std::vector<char> done(jobs.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t failed = jobs.size();
  std::string reason;

  auto const fail = [&](std::size_t i, std::string const& what) {
    next = jobs.size();
    std::lock_guard const lock{mutex};
    if (i >= failed) return;
    failed = i;
    reason = what;
  };
  auto const work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < jobs.size();) try {
        if (watch.stop()) break;
        watch.started(jobs[i]);
        results[i] = train(jobs[i]);
        results[i].algorithm = jobs[i].algorithm;
        results[i].seed = jobs[i].seed;
        done[i] = true;
        watch.finished(jobs[i]);
      } catch (std::bad_alloc const&) {
        fail(i, "there is not enough memory");
      } catch (std::exception const& error) {
        fail(i, error.what());
      } catch (...) {
        fail(i, "an exception of an unknown type");
      }
  };

  {
    std::vector<std::jthread> workers;
    auto const wanted = std::min(static_cast<std::size_t>(std::max(threads, 1)), jobs.size());
    try {
      while (workers.size() + 1 < wanted) workers.emplace_back(work);
    } catch (std::system_error const&) {
      // The system gives no more threads; those there are do all the jobs.
    }
    work();
  }
  outcome_of_jobs all;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (done[i]) all.results.push_back(std::move(results[i]));
  if (failed < jobs.size())
    all.failure = jobs[failed].algorithm + ", seed " + std::to_string(jobs[failed].seed) + ": " + one_line(reason);
  return all;
}

}  // namespace COHORT_NAMESPACE::comparing
