#include "train.hpp"

#include <cohort/hook/json_lines.hpp>
#include <cohort/hook/progress_bar.hpp>
#include <cohort/version.hpp>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "../program/exit_status.hpp"
#include "../program/run_folder.hpp"
#include "algorithms.hpp"
#include "runs.hpp"

namespace cli {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using program::lines_until;
using program::replace_file;

namespace {

void say(std::string const& what) { std::fprintf(stderr, "cohort: %s\n", what.c_str()); }

constexpr char const* of_a_run[] = {"summary.json",      "config.toml",   "metrics.jsonl",
                                    "evaluations.jsonl", "policy.cohort", "checkpoints"};

/// The evaluations of a run, in its folder.
class evaluations {
 public:
  evaluations(fs::path out, std::int64_t updates) : out_(std::move(out)) {
    std::string const before = lines_until(path(), "updates", updates);
    if (fs::exists(path())) replace_file(path(), before);
    std::istringstream lines(before);
    for (std::string line; std::getline(lines, line);) {
      last_ = ordered_json::parse(line);
      if (best_.is_null() || last_["mean"] > best_["mean"]) best_ = last_;
    }
  }
  void look(any_run& run, int episodes) {
    auto const& r = run.report();
    if (!last_.is_null() && last_["updates"] == r.updates) return;
    auto const returns = run.evaluate(episodes, 0);
    last_ = {{"updates", r.updates},
             {"steps", r.steps},
             {"episodes", episodes},
             {"mean", returns.mean()},
             {"deviation", returns.deviation()}};
    if (best_.is_null() || last_["mean"] > best_["mean"]) {
      best_ = last_;
      run.save_policy(out_ / "policy.cohort");
    }
    if (!log_) log_.emplace("cohort", path().string(), cohort::existing::append);
    log_->write(last_.dump() + '\n');
  }
  ordered_json const& last() const { return last_; }
  ordered_json const& best() const { return best_; }

 private:
  fs::path path() const { return out_ / "evaluations.jsonl"; }

  fs::path out_;
  std::optional<cohort::detail::log_file> log_;
  ordered_json last_, best_;
};

std::string summary(config const& c, chosen_algorithm const& algorithm, cohort::train_report const& r,
                    evaluations const& judged, std::string const& ended_by) {
  auto finite = [](double x) { return std::isfinite(x) ? ordered_json(x) : ordered_json(); };
  ordered_json all{{"cohort", COHORT_VERSION},
                   {"environment", c.environment},
                   {"algorithm", c.algorithm},
                   {"parts", algorithm.text},
                   {"seed", c.seed},
                   {"ended_by", ended_by},
                   {"steps", r.steps},
                   {"episodes", r.episodes},
                   {"updates", r.updates},
                   {"seconds", finite(r.seconds)},
                   {"steps_per_second", finite(double(r.steps) / r.seconds)},
                   {"mean_return", finite(r.mean_return)},
                   {"best_evaluation", judged.best()},
                   {"last_evaluation", judged.last()},
                   {"parameter_bytes", r.parameter_bytes},
                   {"optimizer_bytes", r.optimizer_bytes},
                   {"skipped_steps", r.skipped_steps},
                   {"warnings", r.warnings}};
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

std::string in_words(ordered_json const& evaluation) {
  char text[100];
  std::snprintf(text, sizeof text, "%.1f +- %.1f over %d episodes, after %lld updates",
                evaluation["mean"].get<double>(), evaluation["deviation"].get<double>(),
                evaluation["episodes"].get<int>(), (long long)evaluation["updates"].get<std::int64_t>());
  return text;
}

}  // namespace

void train(config c, train_request const& how) {
  auto const algorithm = algorithm_of(c);
  auto const environment = environment_of(c);
  std::string name = c.environment;
  std::replace_if(name.begin(), name.end(), [](char letter) { return letter == ':' || letter == '/'; }, '-');
  fs::path const out =
      how.out.empty() ? fs::path("runs") / (name + "-" + c.algorithm + "-" + std::to_string(c.seed)) : how.out;
  auto run = environment.run(c, algorithm);
  program::prepare_run_folder(out, of_a_run, {how.resume, how.overwrite});
  cohort::checkpoints kept(out / "checkpoints", {.every = c.checkpoint_every, .keep = int(c.checkpoints_kept)});
  if (!how.resume) {
    for (auto const& path : kept.files()) fs::remove(path);
    for (auto const* name : of_a_run)
      if (fs::path(name).has_extension()) fs::remove(out / name);
  } else {
    bool const found = run->load_newest(kept);
    for (auto const& complaint : kept.complaints()) say(complaint);
    if (!how.quiet)
      say(found ? "goes on after update " + std::to_string(run->report().updates)
                : "begins anew, since " + out.string() + " has no checkpoint yet");
    fs::remove(out / "summary.json");
  }
  replace_file(out / "config.toml", as_toml(c, algorithm.text, algorithm.settings));
  replace_file(out / "metrics.jsonl", lines_until(out / "metrics.jsonl", "time/iterations", run->report().updates));
  cohort::json_lines log((out / "metrics.jsonl").string(), cohort::existing::append);
  evaluations judged(out, run->report().updates);
  cohort::progress_bar bar;
  if (!how.quiet) program::print(c.environment + "\n" + algorithm.text + "\n");

  program::catch_signals();
  std::string ended_by;
  std::int64_t saved = -1;
  while (ended_by.empty() && run->step()) {
    auto const& r = run->report();
    log.on_update(r);
    if (!how.quiet) bar.on_update(r);
    if (c.evaluate_every > 0 && r.updates % c.evaluate_every == 0) judged.look(*run, int(c.evaluate_episodes));
    if (r.updates % c.checkpoint_every == 0) run->save(kept), saved = r.updates;
    if (program::signal_seen()) ended_by = program::signal_name();
    else if (r.steps >= c.stop_after_steps) ended_by = "stop.steps";
    else if (r.mean_return >= c.stop_at_return) ended_by = "stop.mean_return";
    else if (r.seconds >= c.stop_after_seconds) ended_by = "stop.seconds";
  }
  auto const& r = run->report();
  bar.on_end(r);
  if (r.updates == 0) throw std::runtime_error("no update was made; nothing but config.toml is in " + out.string());
  if (saved != r.updates) run->save(kept);
  if (c.evaluate_every > 0 && !program::signal_seen()) judged.look(*run, int(c.evaluate_episodes));
  if (c.evaluate_every == 0) run->save_policy(out / "policy.cohort");
  replace_file(out / "summary.json", summary(c, algorithm, r, judged, ended_by.empty() ? "limits" : ended_by));
  if (how.quiet) return;
  if (!judged.best().is_null()) program::print("best evaluation  " + in_words(judged.best()) + "\n");
  program::print("written to " + out.string() + "\n");
  if (program::signal_seen())
    say(std::string("stopped by ") + program::signal_name() + "; go on with: cohort train --resume --out " +
        out.string());
}

}  // namespace cli
