#pragma once
#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "names.hpp"
#include "request.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace compare {

/// Reads the command line. Empty when it only asked for help or the version, which is then on stdout.
inline std::optional<settings> read_command_line(int argc, char const* const* argv, std::string const& version,
                                                 std::vector<std::string> const& environments,
                                                 std::vector<std::string> const& algorithms) {
  request typed;
  CLI::App app{"Trains policy-optimization algorithms on one environment with equal budgets, and compares them.",
               "compare"};
  app.set_version_flag("--version", "compare " + version, "print the version and exit");
  app.set_help_flag("-h,--help", "print this and exit");
  // Numbers are taken as text: CLI11 reads "010" as eight and has messages of its own.
  auto const add = [&](std::string const& name, std::optional<std::string>& to, std::string const& help,
                       std::string const& type) {
    auto const take = [&to](CLI::results_t const& words) {
      to = words.front();
      return true;
    };
    app.add_option(name, take, help)->type_name(type);
  };
  add("--env", typed.environment, "environment: " + join(environments), "NAME");
  add("--algorithms", typed.algorithms, "algorithms, comma-separated [" + join(algorithms, ",") + "]", "NAME,...");
  add("--seeds", typed.seeds, "runs of each algorithm [10]", "N");
  add("--first-seed", typed.first_seed, "the seed of the first run; the next have the numbers after it [1]", "N");
  add("--steps", typed.steps, "environment steps of a run [the environment's default]", "N");
  add("--group", typed.group, "group size, where an algorithm has groups [each one's default]", "N");
  add("--threads", typed.threads, "runs at a time [one for each hardware thread]", "N");
  add("--out", typed.out, "folder for summary.json, curves.csv and report.html [build/compare, replaced]", "DIR");
  app.add_flag("--overwrite", typed.overwrite, "replace the run that --out holds");
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (CLI::Success const& asked) {
    app.exit(asked, std::cout);
    return std::nullopt;
  } catch (CLI::ParseError const& error) {
    throw std::runtime_error{error.what()};
  }
  if (auto const extras = app.remaining(); !extras.empty()) {
    auto const meant = closest(extras.front(), {"--env", "--algorithms", "--seeds", "--first-seed", "--steps",
                                                "--group", "--threads", "--out", "--overwrite", "--version", "--help"});
    throw std::runtime_error{"unknown argument '" + extras.front() + "'; " +
                             (meant.empty() ? "--help lists the options" : "did you mean " + meant + "?")};
  }
  return checked(typed, environments, algorithms);
}

}  // namespace compare
