// Trains, goes on with, compares and exports what Cohort trains, by name:
//
//     cohort train --environment CartPole-v1 --algorithm ppo --out runs/first
//     cohort train --config run.toml --objective.epsilon .1
//     cohort train --resume --out runs/first --steps 200000
//     cohort compare --algorithms ppo,grpo,mine.toml --seeds 10 --out runs/compare
//     cohort sweep --config sweep.toml --out runs/sweep
//     cohort export --header controller.hpp runs/first
//     cohort watch --out first.gif runs/first
//     cohort diagnose runs/first
//
// and runs the programs on language models that are beside it (language/).
#include <CLI/CLI.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/version.hpp>

#include "../program/command_line.hpp"
#include "../program/numbers.hpp"
#include "../program/words.hpp"
#include "algorithms.hpp"
#include "comparison.hpp"
#include "config.hpp"
#include "diagnose.hpp"
#include "export.hpp"
#include "language.hpp"
#include "replay.hpp"
#include "runs.hpp"
#include "sweep.hpp"
#include "train.hpp"
#include "watch.hpp"

namespace cli {

namespace {

void list() {
  std::string all = "environments\n";
  for (auto const& e : environment_names()) {
    all += "  " + e + ": " + environment_text(e);
    auto const tuned = tuned_names(e);
    if (!tuned.empty()) all += "; tuned for it:";
    for (auto const& name : tuned) all += " " + name;
    all += "\n";
  }
  all += "algorithms\n ";
  for (auto const& name : algorithm_names()) all += " " + name;
  program::print(all + "\n");
}

/// A run goes on with what it was begun with; the parts that its checkpoints have are compared with them.
void require_same_run(config const& begun, config const& asked, std::filesystem::path const& folder) {
  auto same = [&](std::string const& field, std::string const& before, std::string const& now) {
    if (now != before)
      throw program::usage_error(asked.place_of(field) + ": " + field + " is \"" + now + "\", expected \"" + before +
                                 "\", that of the run in " + folder.string());
  };
  same("environment", begun.environment, asked.environment);
  same("algorithm", begun.algorithm, asked.algorithm);
}

std::string path_of_program(std::string const& called) {
  std::error_code none;
  auto const path = std::filesystem::read_symlink("/proc/self/exe", none);
  return none ? called : path.string();
}

int run(int argc, char** argv) {
  CLI::App app{"Policy optimization by name: trains, goes on, compares, sweeps, exports, watches, diagnoses.",
               "cohort"};
  app.set_version_flag("--version", "cohort " COHORT_VERSION);
  app.require_subcommand(1);
  for (auto const& [name, about] : language_commands) app.add_subcommand(name, about);

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

  std::string algorithms = "ppo,grpo,hybrid_grpo";
  program::typed seeds, at_a_time, every, judged_by;
  auto* comparing = app.add_subcommand("compare", "trains algorithms with equal budgets and reports on them");
  comparing->allow_extras();
  comparing->add_option("--algorithms", algorithms, "names or TOML files, with commas between them");
  program::add(*comparing, "--seeds", seeds, "runs of each algorithm, from --seed on", "N");
  program::add(*comparing, "--at-a-time", at_a_time, "runs side by side", "N");
  program::add(*comparing, "--every", every, "steps between evaluations, 5000 where none are given", "N");
  program::add(*comparing, "--episodes", judged_by, "of each evaluation but the last, 20 where none are given", "N");
  comparing->add_option("--out", out, "the folder of the report, runs/compare where none is given")->type_name("DIR");
  comparing->add_flag("--overwrite", how.overwrite, "replaces the report in the folder");
  std::string page;
  comparing->add_option("--table", page, "a page in Markdown, a section of which the comparison becomes")
      ->type_name("FILE.md");

  auto* sweeping = app.add_subcommand("sweep", "tries values of fields, each run a process, and ranks them");
  sweeping->allow_extras();
  sweeping->add_option("--config", config_file, "a TOML file of fields with a table [sweep]")->type_name("FILE");
  sweeping->add_option("--out", out, "the folder of the sweep, runs/sweep where none is given")->type_name("DIR");
  sweeping->add_flag("--resume", how.resume, "goes on with the sweep in the folder");

  export_request wanted;
  auto* exporting = app.add_subcommand("export", "writes a trained policy for programs that know nothing of Cohort");
  exporting->add_option("FROM", wanted.from, "a policy's file, or the folder of a run")->required();
  exporting->add_option("--header", wanted.header, "a C++17 header")->type_name("FILE");
  exporting->add_option("--onnx", wanted.onnx, "an ONNX model")->type_name("FILE");
  exporting->add_option("--name", wanted.name, "the namespace in the header")->type_name("NAME");

  watch_request watched;
  program::typed watched_seed, episodes;
  auto* watching = app.add_subcommand("watch", "plays a trained policy's most probable actions, and draws them");
  watching->add_option("FROM", watched.from, "a policy's file, or the folder of a run")->required();
  watching->add_option("--environment", watched.environment, "where not the run's, or the first that fits")
      ->type_name("NAME");
  program::add(*watching, "--seed", watched_seed, "of the episodes' beginnings, 0 where none is given", "N");
  program::add(*watching, "--episodes", episodes, "how many, 1 where none is given", "N");
  watching->add_option("--out", watched.out, "an animated picture: .svg, for a browser, or .gif")->type_name("FILE");
  watching->add_flag("--terminal", watched.terminal, "plays in the terminal, even where stdout is none");

  std::string suspect;
  auto* diagnosing = app.add_subcommand("diagnose", "says what is wrong with a run, and what to change");
  diagnosing->add_option("DIR", suspect, "the folder of a run")->required();

  std::string traces;
  auto* replaying = app.add_subcommand("replay", "plays environments from traces, as Gymnasium does to the last bit");
  replaying->add_option("FILE", traces, "lines of JSON, {\"env\", \"state\", \"actions\"}; - is stdin")->required();

  auto* listing = app.add_subcommand("list", "the environments and algorithms that there are");

  return program::run(app, argc, argv, [&] {
    if (listing->parsed()) return list();
    if (replaying->parsed()) return replay(traces, [](std::string const& line) { program::print(line + "\n"); });
    if (diagnosing->parsed()) return diagnose(suspect);
    if (exporting->parsed()) return export_policy(wanted);
    if (watching->parsed()) {
      watched.seed = program::whole_number_of<std::uint64_t>("--seed", watched_seed, 0, 0);
      watched.episodes = program::whole_number_of<int>("--episodes", episodes, 1, 1, 100);
      return watch(watched);
    }
    if (comparing->parsed()) {
      compare_request asked{.algorithms = program::split(algorithms, ','),
                            .fields = fields_of_arguments(comparing->remaining()),
                            .seeds = program::whole_number_of<std::int64_t>("--seeds", seeds, 10, 1, 10'000),
                            .threads = program::whole_number_of<std::int64_t>("--at-a-time", at_a_time, 1, 1, 1024)};
      asked.every = program::whole_number_of<std::int64_t>("--every", every, asked.every, 1);
      asked.episodes = program::whole_number_of<std::int64_t>("--episodes", judged_by, asked.episodes, 1, 100'000);
      if (!out.empty()) asked.out = out;
      asked.overwrite = how.overwrite, asked.page = page;
      return compare(asked);
    }
    if (sweeping->parsed()) {
      if (config_file.empty()) throw program::usage_error("sweep needs --config, a file with a table [sweep]");
      sweep_request asked{.program = path_of_program(argv[0]),
                          .config = config_file,
                          .fields = fields_of_arguments(sweeping->remaining()),
                          .resume = how.resume};
      if (!out.empty()) asked.out = out;
      return sweep(asked);
    }
    how.out = out;
    if (how.resume && how.overwrite) throw program::usage_error("--resume and --overwrite exclude each other");
    if (how.resume && out.empty()) throw program::usage_error("--resume needs --out, the folder of the run");
    std::string const kept = (how.out / "config.toml").string();
    config begun, c;
    bool const goes_on = how.resume && std::filesystem::exists(kept);
    if (goes_on) set_fields(begun, fields_of_file(kept));
    if (config_file.empty()) c = begun;
    else set_fields(c, fields_of_file(config_file));
    set_fields(c, fields_of_arguments(training->remaining()));
    if (goes_on) require_same_run(begun, c, how.out);
    if (!print_config) return train(c, how);
    auto const algorithm = algorithm_of(c);
    environment_of(c);
    program::print(as_toml(c, algorithm.text, algorithm.settings));
  });
}

}  // namespace
}  // namespace cli

int main(int argc, char** argv) {
  if (argc > 1 && cli::is_language_command(argv[1])) return cli::run_language(argv);
  return cli::run(argc, argv);
}
