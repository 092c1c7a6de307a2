#include "comparison.hpp"

#include <cohort/compare.hpp>
#include <cohort/compare/summary_json.hpp>
#include <cohort/file/new_file.hpp>
#include <cohort/version.hpp>

#include <fstream>
#include <iterator>

#include "../program/exit_status.hpp"
#include "../program/output_folder.hpp"
#include "algorithms.hpp"
#include "networks.hpp"
#include "runs.hpp"

namespace cli {

namespace {

using cohort::comparing::any_contender;
using cohort::comparing::run_result;

/// One run, judged as cohort::compare judges.
run_result judged(config c, cohort::compare_options const& how, std::uint64_t seed) {
  c.seed = std::int64_t(seed);
  auto const run = environment_of(c).run(c, algorithm_of(c));
  cohort::comparing::judge watch(
      how, seed, [&](int episodes, std::uint64_t starts) { return run->evaluate(episodes, starts).mean(); });
  watch.on_start(run->report());
  auto report = run->report();
  while (!report.stopped && run->step()) {
    report = run->report();
    report.stopped = watch.on_update(report);
  }
  return watch.result(report);
}

/// What makes it again.
std::string command_of(compare_request const& how) {
  std::string all = "cohort compare --algorithms " + cohort::comparing::join(how.algorithms, ",") + " --seeds " +
                    std::to_string(how.seeds);
  compare_request const usual;
  if (how.every != usual.every) all += " --every " + std::to_string(how.every);
  if (how.episodes != usual.episodes) all += " --episodes " + std::to_string(how.episodes);
  for (auto const& f : how.fields) all += " " + as_argument(f);
  return all;
}

void add_to_page(std::filesystem::path const& path, std::string const& section) {
  std::string page;
  if (std::ifstream before{path}) page.assign(std::istreambuf_iterator<char>(before), {});
  else page = "# Results\n";
  cohort::file::write_text(path, cohort::comparing::with_section(page, section), cohort::existing::replace);
}

}  // namespace

void compare(compare_request const& how) {
  config common;
  set_fields(common, how.fields);
  cohort::comparing::plan plan;
  plan.environment = common.environment, plan.seeds = int(how.seeds), plan.threads = int(how.threads);
  plan.first_seed = std::uint64_t(common.seed), plan.steps = common.steps;
  plan.every = how.every, plan.episodes = int(how.episodes);
  auto const environment = environment_of(common);
  plan.threshold = environment.threshold;
  plan.stop = [] { return program::signal_seen() != 0; };
  plan.finished = [](auto const& job) {
    std::fprintf(stderr, "cohort: %s seed %llu is done\n", job.algorithm.c_str(), (unsigned long long)job.seed);
  };
  std::vector<any_contender> contenders;
  for (auto const& name : how.algorithms) {
    config c;
    bool const is_file = name.ends_with(".toml");
    if (is_file) set_fields(c, fields_of_file(name));
    set_fields(c, how.fields);
    if (!is_file) c.algorithm = name, c.where["algorithm"] = "--algorithms";
    c.environment = common.environment, c.steps = common.steps, c.threads = 1;
    networks_of(c, int(environment.environment.spaces().observations.size()));
    contenders.push_back({is_file ? std::filesystem::path(name).stem().string() : name, algorithm_of(c).text,
                          [c, &plan](std::uint64_t seed) { return judged(c, plan, seed); }});
  }
  program::output_folder folder{how.out, how.overwrite, {"summary.json", "curves.csv", "report.html"}};
  program::catch_signals();
  auto const all = cohort::comparing::compare_contenders(
      contenders, plan,
      {COHORT_VERSION, "eigen", cohort::comparing::compiler(), "", cohort::comparing::processor(),
       cohort::comparing::date_now(), command_of(how)});
  if (all.complete == 0) throw std::runtime_error(cohort::comparing::how_it_stopped(all) + "; nothing is written");
  if (!how.page.empty() && all.stopped_by.empty()) add_to_page(how.page, cohort::comparing::markdown(all));
  program::print(cohort::comparing::table(all));
  folder.write({program::text_output("summary.json", cohort::comparing::summary_json(all)),
                program::text_output("curves.csv", cohort::comparing::curves_csv(all)),
                program::text_output("report.html", cohort::comparing::report(all))});
  program::print("\nThe report is " + (folder.path() / "report.html").string() + "\n");
  if (all.failed) throw std::runtime_error(cohort::comparing::how_it_stopped(all));
  if (!all.stopped_by.empty()) std::fprintf(stderr, "cohort: %s\n", cohort::comparing::how_it_stopped(all).c_str());
}

}  // namespace cli
