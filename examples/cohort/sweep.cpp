#include "sweep.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "../program/exit_status.hpp"
#include "../program/output_folder.hpp"
#include "algorithms.hpp"
#include "database.hpp"
#include "processes.hpp"
#include "ranking.hpp"
#include "runs.hpp"
#include "sweep_plan.hpp"

namespace cli {

namespace fs = std::filesystem;

namespace {

std::string text_of(fs::path const& path) {
  std::ifstream from(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(from), {}};
}

class sweeping {
 public:
  sweeping(sweep_request const& how, sweep_plan plan)
      : how_(how), plan_(std::move(plan)), trials_(plan_.drawn()), db_((how.out / "sweep.sqlite").string()) {
    db_.run("create table if not exists trials(id integer primary key, fields text)");
    db_.run(
        "create table if not exists runs(trial integer, seed integer, steps integer, state text, mean real, deviation "
        "real, seconds real, error text, primary key(trial, seed))");
    for (std::size_t t = 0; t < trials_.size(); ++t) {
      nlohmann::ordered_json fields;
      for (auto const& f : trials_[t]) fields[f.name] = shown(f.given);
      std::string before;
      db_.each("select fields from trials where id = ?1", [&](auto* s) { before = database::text(s, 0); }, t);
      if (!before.empty() && before != fields.dump())
        throw std::runtime_error(how.out.string() + " holds another sweep: its trial " + std::to_string(t) + " has " +
                                 before + ", and " + how.config + " gives " + fields.dump());
      db_.run("insert or ignore into trials values(?1, ?2)", t, fields.dump());
    }
  }

  void run() {
    set_fields(base_, plan_.base);
    std::vector<std::size_t> left(trials_.size());
    for (std::size_t t = 0; t < left.size(); ++t) left[t] = t;
    std::int64_t const rungs = plan_.method == "halving" ? plan_.rungs : 1;
    for (std::int64_t rung = 0; rung < rungs && !program::signal_seen(); ++rung) {
      run_until(left, std::int64_t(double(base_.steps) * std::pow(plan_.keep, double(rungs - 1 - rung))));
      if (rung + 1 == rungs) break;
      double const stay = std::max(1., std::floor(double(trials_.size()) * std::pow(plan_.keep, double(rung + 1))));
      left.clear();
      for (auto const& trial : ranked(db_))
        if (double(left.size()) < stay && !trial.means.empty()) left.push_back(std::size_t(trial.id));
    }
  }
  void tell() {
    auto const order = ranked(db_);
    write_ranking(how_.out, order, base_);
    program::print(ranking_table(order));
  }

 private:
  fs::path folder(std::size_t trial, std::int64_t seed) const {
    return how_.out / std::to_string(trial) / std::to_string(seed);
  }

  /// Every seed of these trials, until so many steps.
  void run_until(std::vector<std::size_t> const& trials, std::int64_t steps) {
    struct job {
      std::size_t trial;
      std::int64_t seed;
    };
    std::vector<job> jobs;
    for (std::int64_t k = 0; k < plan_.seeds; ++k)  // seed by seed: what slows the machine down slows all trials down
      for (std::size_t t : trials) jobs.push_back({t, base_.seed + k});
    processes running;
    std::size_t next = 0;
    while (next < jobs.size() || running.count() > 0) {
      if (next < jobs.size() && running.count() < std::size_t(plan_.processes) && !program::signal_seen()) {
        auto const [trial, seed] = jobs[next];
        if (!is_done(trial, seed, steps)) start(running, next, trial, seed, steps);
        ++next;
        continue;
      }
      if (running.count() == 0) return;  // stopped
      auto const [id, status] = running.wait();
      take_result(jobs[std::size_t(id)].trial, jobs[std::size_t(id)].seed, steps, status);
      if (::isatty(2))
        std::fprintf(stderr, "\rcohort: %zu of %zu runs until step %lld%s", next - running.count(), jobs.size(),
                     (long long)steps, next - running.count() == jobs.size() ? "\n" : " ");
    }
  }
  bool is_done(std::size_t trial, std::int64_t seed, std::int64_t steps) {
    bool done = false;
    db_.each(
        "select 1 from runs where trial = ?1 and seed = ?2 and steps >= ?3 and state != 'stopped'",
        [&](auto*) { done = true; }, trial, seed, steps);
    return done;
  }
  void start(processes& running, std::size_t id, std::size_t trial, std::int64_t seed, std::int64_t steps) {
    auto const here = folder(trial, seed);
    bool const begun = fs::exists(here / "config.toml");
    fs::create_directories(here);
    std::vector<std::string> words{how_.program, "train",       "--quiet",
                                   "--out",      here.string(), begun ? "--resume" : "--overwrite"};
    if (!begun) {
      for (auto const& f : plan_.base) words.push_back(as_argument(f));
      for (auto const& f : trials_[trial]) words.push_back(as_argument(f));
      words.push_back("--seed=" + std::to_string(seed));
    }
    words.push_back("--stop.steps=" + std::to_string(steps));
    running.start(std::int64_t(id), words, here / "output.txt");
  }
  void take_result(std::size_t trial, std::int64_t seed, std::int64_t steps, int status) {
    auto const here = folder(trial, seed);
    auto const summary = nlohmann::json::parse(text_of(here / "summary.json"), nullptr, false);
    std::string state = status == 0 ? "done" : status > 128 ? "stopped" : "failed", error;
    double mean = std::nan(""), deviation = mean, seconds = mean;
    if (status == 0 && summary.is_object() && summary["last_evaluation"].is_object()) {
      mean = summary["last_evaluation"].value("mean", mean);
      deviation = summary["last_evaluation"].value("deviation", deviation);
      seconds = summary["seconds"].is_number() ? summary["seconds"].get<double>() : seconds;
    } else {
      if (state == "done") state = "failed";
      error = program::one_line(text_of(here / "output.txt"));
      if (error.empty()) error = "ended with status " + std::to_string(status);
    }
    db_.run("insert or replace into runs values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", trial, seed, steps, state, mean,
            deviation, seconds, error);
  }

  sweep_request const& how_;
  sweep_plan plan_;
  std::vector<std::vector<field>> trials_;
  database db_;
  config base_;
};

}  // namespace

void sweep(sweep_request const& how) {
  auto plan = plan_of_file(how.config);
  plan.base.insert(plan.base.end(), how.fields.begin(), how.fields.end());
  // What would be refused is refused now, and not in each run.
  for (auto const& trial : plan.drawn()) {
    config c;
    set_fields(c, plan.base);
    set_fields(c, trial);
    algorithm_of(c);
    environment_of(c);
    if (c.evaluate_every == 0)
      throw program::usage_error(c.place_of("evaluation.every") +
                                 ": evaluation.every is 0, and a sweep ranks by evaluations");
  }
  bool const holds = fs::exists(how.out / "sweep.sqlite");
  if (how.resume && !holds)
    throw program::usage_error("--resume: " + how.out.string() + " holds no sweep (it has no sweep.sqlite)");
  if (!how.resume && holds)
    throw std::runtime_error(how.out.string() +
                             " already holds a sweep; go on with it by --resume, or choose another --out");
  program::make_folder(how.out);
  program::folder_lock const alone(how.out);
  program::catch_signals();
  sweeping all(how, plan);
  all.run();
  all.tell();
}

}  // namespace cli
