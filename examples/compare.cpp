// Trains algorithms with equal budgets on one environment and compares them:
//
//     compare --env CartPole-v1 --algorithms ppo,grpo,hybrid_grpo --seeds 10
//
// What is trained is in compare/presets.hpp and how in compare/run.cpp; the rest of compare/ is about asking and
// telling.
#include <cohort/version.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "compare/command_line.hpp"
#include "compare/curves_csv.hpp"
#include "compare/jobs.hpp"
#include "compare/output_folder.hpp"
#include "compare/progress.hpp"
#include "compare/report.hpp"
#include "compare/run.hpp"
#include "compare/summary.hpp"
#include "compare/summary_json.hpp"
#include "compare/table.hpp"

namespace {

bool print(std::string const& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

std::vector<compare::run_result> train_all(compare::settings const& asked) {
  auto const jobs = compare::jobs_of(asked);
  compare::progress bar{jobs.size()};
  return compare::run_jobs(
      jobs, asked.threads, [&](auto const& job) { return compare::run(asked, job.algorithm, job.seed); }, bar);
}

void compare_algorithms(compare::settings const& asked, std::string const& version) {
  compare::output_folder const folder{asked.out, asked.overwrite};
  auto const results = train_all(asked);
  auto const all =
      compare::summarize(asked, compare::backend_name(), version, compare::threshold_of(asked.environment), results);
  // The table comes first: where the folder's disk has filled up meanwhile, it is all that is left of the training.
  bool const printed = print(compare::table(all));
  folder.write({{"summary.json", compare::summary_json(all)},
                {"curves.csv", compare::curves_csv(asked.algorithms, results)},
                {"report.html", compare::report(all)}});
  if (!printed || !print("\nThe report is " + (folder.path() / "report.html").string() + "\n"))
    throw std::runtime_error{"can't write to stdout; the run is in " + folder.path().string()};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::string const version = std::to_string(COHORT_VERSION_MAJOR) + "." + std::to_string(COHORT_VERSION_MINOR) +
                                "." + std::to_string(COHORT_VERSION_PATCH);
    if (auto const asked =
            compare::read_command_line(argc, argv, version, compare::known_environments(), compare::known_algorithms()))
      compare_algorithms(*asked, version);
    return 0;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "compare: %s\n", compare::one_line(error.what()).c_str());
    return 2;
  }
}
