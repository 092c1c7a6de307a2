// Trains algorithms with equal budgets on one environment and compares them:
//
//     compare --env CartPole-v1 --algorithms ppo,grpo,hybrid_grpo --seeds 10
//
// What is trained is in compare/presets.hpp; the comparison is the library's (cohort/compare.hpp), and compare/ is
// about asking.
#include <cohort/compare/contenders.hpp>
#include <cohort/compare/curves_csv.hpp>
#include <cohort/compare/provenance.hpp>
#include <cohort/compare/report.hpp>
#include <cohort/compare/summary_json.hpp>
#include <cohort/compare/table.hpp>
#include <cohort/version.hpp>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "compare/command_line.hpp"
#include "compare/group_size.hpp"
#include "compare/progress.hpp"
#include "compare/run.hpp"
#include "program/output_folder.hpp"

namespace {

std::string const version = COHORT_VERSION;

compare::comparison train_all(compare::settings const& asked, compare::provenance const& made) {
  compare::plan what = asked;
  what.steps = compare::steps_of(asked);
  what.threshold = compare::threshold_of(asked.environment);
  std::vector<compare::any_contender> contenders;
  for (auto const& name : asked.algorithms)
    contenders.push_back({name, compare::hyperparameters(asked, name),
                          [&](std::uint64_t seed) { return compare::run(asked, name, seed); }});
  compare::progress bar{static_cast<std::size_t>(asked.seeds) * asked.algorithms.size()};
  what.started = [&](auto const& job) { bar.started(job); };
  what.finished = [&](auto const& job) { bar.finished(job); };
  what.stop = [] { return program::signal_seen() != 0; };
  return compare::compare_contenders(contenders, what, made);
}

void say(std::string const& what) { std::fprintf(stderr, "compare: %s\n", what.c_str()); }

void compare_algorithms(compare::settings const& asked) {
  for (auto const& name : asked.algorithms)
    compare::require_possible_group(asked, name, compare::steps_of_member(asked, name));
  program::output_folder folder{asked.out, asked.overwrite, {"summary.json", "curves.csv", "report.html"}};
  compare::provenance const made{version,
                                 compare::backend_name(),
                                 compare::compiled_by(),
                                 compare::commit,
                                 compare::processor(),
                                 compare::date_now(),
                                 compare::command(asked),
                                 "one thread"};
  program::catch_signals();
  auto all = train_all(asked, made);
  if (!all.failed && program::signal_seen()) all.stopped_by = "stopped by " + std::string{program::signal_name()};

  // The table comes first: where the folder's disk has filled up meanwhile, it is all that is left of the training.
  bool printed = true;
  auto const print = [&](std::string const& text) {
    try {
      program::print(text);
    } catch (std::runtime_error const&) {
      printed = false;
    }
  };
  if (all.complete > 0) print(compare::table(all));
  for (auto const& warning : all.warnings) say(warning);
  bool const kept = all.complete == 0 && (all.failed || folder.holds_run());
  if (!kept) {
    folder.write({program::text_output("summary.json", compare::summary_json(all)),
                  program::text_output("curves.csv", compare::curves_csv(all)),
                  program::text_output("report.html", compare::report(all))});
    print("\nThe report is " + (folder.path() / "report.html").string() + "\n");
  }
  if (!all.stopped_by.empty()) {
    std::string const where = folder.path().string();
    std::string const what =
        compare::how_it_stopped(all) + (kept ? "; nothing is written to " : "; written to ") + where;
    if (all.failed) throw std::runtime_error{what};
    say(what);
  }
  if (!printed) throw std::runtime_error{"can't write to stdout; the run is in " + folder.path().string()};
}

}  // namespace

int main(int argc, char** argv) {
  return compare::run_program(argc, argv, version, compare::known_environments(), compare::known_algorithms(),
                              compare_algorithms);
}
