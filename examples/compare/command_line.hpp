#pragma once
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "names.hpp"
#include "request.hpp"
#include "settings.hpp"

namespace compare {

/// Reads the command line and calls f(settings). The exit status.
template <class F>
int run_program(int argc, char const* const* argv, std::string const& version,
                std::vector<std::string> const& environments, std::vector<std::string> const& algorithms, F f) {
  request typed;
  CLI::App app{"Trains policy-optimization algorithms on one environment with equal budgets, and compares them.",
               "compare"};
  app.set_version_flag("--version", "compare " + version, "print the version and exit");
  program::add(app, "--env", typed.environment, "environment: " + join(environments), "NAME");
  program::add(app, "--algorithms", typed.algorithms, "algorithms, comma-separated [" + join(algorithms, ",") + "]",
               "NAME,...");
  program::add(app, "--seeds", typed.seeds, "runs of each algorithm [10]", "N");
  program::add(app, "--first-seed", typed.first_seed,
               "the seed of the first run; the next have the numbers after it [1]", "N");
  program::add(app, "--steps", typed.steps, "environment steps of a run [the environment's default]", "N");
  program::add(app, "--group", typed.group, "group size, where an algorithm has groups [each one's default]", "N");
  program::add(app, "--threads", typed.threads, "runs at a time [one for each hardware thread]", "N");
  program::add(app, "--out", typed.out, "folder for summary.json, curves.csv and report.html [build/compare, replaced]",
               "DIR");
  app.add_flag("--overwrite", typed.overwrite, "replace the run that --out holds");
  app.allow_extras();
  return program::run(app, argc, argv, [&] {
    if (auto const extras = app.remaining(); !extras.empty()) {
      auto const meant =
          closest(extras.front(), {"--env", "--algorithms", "--seeds", "--first-seed", "--steps", "--group",
                                   "--threads", "--out", "--overwrite", "--version", "--help"});
      throw program::usage_error{"unknown argument '" + extras.front() + "'; " +
                                 (meant.empty() ? "--help lists the options" : "did you mean " + meant + "?")};
    }
    f(checked(typed, environments, algorithms));
  });
}

}  // namespace compare
