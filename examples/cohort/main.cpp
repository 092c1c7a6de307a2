// Trains, goes on with, compares and exports what Cohort trains, by name:
//
//     cohort train --environment CartPole-v1 --algorithm ppo --out runs/first
//     cohort train --config run.toml --objective.epsilon .1
//     cohort train --resume --out runs/first --steps 200000
//     cohort export --header controller.hpp runs/first
#include <CLI/CLI.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/version.hpp>

#include "../program/command_line.hpp"
#include "algorithms.hpp"
#include "config.hpp"
#include "export.hpp"
#include "runs.hpp"
#include "train.hpp"

namespace cli {

known_environment environment_named(std::string const& name) {
  std::vector<std::string> known;
  for (auto const& e : environments()) {
    if (name == e.name) return e;
    known.push_back(e.name);
  }
  try {
    throw cohort::detail::unknown_name("environment", "one", name, known);
  } catch (cohort::value_error const& e) {
    throw program::usage_error(e.what());
  }
}

namespace {

void list() {
  std::string all = "environments\n";
  for (auto const& e : environments()) {
    all += std::string("  ") + e.name + ": " + e.is + "; tuned for it:";
    for (auto const& name : tuned_names(e.name)) all += " " + name;
    all += "\n";
  }
  all += "algorithms\n ";
  for (auto const& name : algorithm_names()) all += " " + name;
  program::print(all + "\n");
}

int run(int argc, char** argv) {
  CLI::App app{"Policy optimization by name: trains, goes on, exports.", "cohort"};
  app.set_version_flag("--version", "cohort " COHORT_VERSION);
  app.require_subcommand(1);

  train_request how;
  std::string config_file, out;
  bool print_config = false;
  auto* training = app.add_subcommand("train", "trains a policy; every field of a config is an option too");
  training->allow_extras();
  training->add_option("--config", config_file, "a TOML file of fields")->type_name("FILE");
  training->add_option("--out", out, "the folder of the run, runs/ENVIRONMENT-ALGORITHM-SEED where none is given")
      ->type_name("DIR");
  training->add_flag("--resume", how.resume, "goes on with the run in the folder");
  training->add_flag("--overwrite", how.overwrite, "replaces the run in the folder");
  training->add_flag("--quiet", how.quiet, "prints nothing but what is wrong");
  training->add_flag("--print-config", print_config, "prints all fields as they would be, and trains nothing");

  std::string header, from, name = "controller";
  auto* exporting = app.add_subcommand("export", "writes a trained policy for programs that know nothing of Cohort");
  exporting->add_option("FROM", from, "a policy's file, or the folder of a run")->required();
  exporting->add_option("--header", header, "a C++17 header")->type_name("FILE")->required();
  exporting->add_option("--name", name, "the namespace in it")->type_name("NAME");

  auto* listing = app.add_subcommand("list", "the environments and algorithms that there are");

  return program::run(app, argc, argv, [&] {
    if (listing->parsed()) return list();
    if (exporting->parsed()) return export_policy(from, header, name);
    how.out = out;
    if (how.resume && how.overwrite) throw program::usage_error("--resume and --overwrite exclude each other");
    if (how.resume && out.empty()) throw program::usage_error("--resume needs --out, the folder of the run");
    std::string const kept = (how.out / "config.toml").string();
    config c;
    if (how.resume && config_file.empty() && std::filesystem::exists(kept)) set_fields(c, fields_of_file(kept));
    if (!config_file.empty()) set_fields(c, fields_of_file(config_file));
    set_fields(c, fields_of_arguments(training->remaining()));
    if (!print_config) return train(c, how);
    auto const algorithm = algorithm_of(c);
    environment_named(c.environment);
    program::print(as_toml(c, algorithm.text, algorithm.numbers));
  });
}

}  // namespace
}  // namespace cli

int main(int argc, char** argv) { return cli::run(argc, argv); }
