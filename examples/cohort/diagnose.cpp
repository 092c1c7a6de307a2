#include "diagnose.hpp"

#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/space_values.hpp>
#include <cohort/hook/diagnosis.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// The report of a line of metrics.jsonl: describe_metrics the other way round.
cohort::train_report report_of(json const& line) {
  auto number = [&](char const* name, double none) {
    return line.contains(name) && line[name].is_number() ? line[name].get<double>() : none;
  };
  double const nan = std::numeric_limits<double>::quiet_NaN();
  cohort::train_report r;
  r.steps = std::int64_t(number("time/total_timesteps", 0)), r.updates = std::int64_t(number("time/iterations", 0));
  r.episodes = std::int64_t(number("time/episodes", 0)),
  r.skipped_steps = std::int64_t(number("train/skipped_steps", 0));
  r.mean_return = number("rollout/ep_rew_mean", nan), r.explained_variance = number("train/explained_variance", nan);
  r.metrics.entropy = -number("train/entropy_loss", 0), r.metrics.approximate_kl = number("train/approx_kl", 0);
  r.metrics.clip_low = number("clip_ratio/low_mean", 0), r.metrics.clip_high = number("clip_ratio/high_mean", 0);
  r.metrics.value_loss = number("train/value_loss", nan), r.metrics.gradient_norm = number("train/grad_norm", nan);
  r.metrics.learning_rate = number("train/learning_rate", nan),
  r.metrics.optimizer_steps = number("train/optimizer_steps", 0);
  r.completions.groups = line.contains("frac_reward_zero_std") ? 1 : 0;
  r.completions.frac_reward_zero_std = number("frac_reward_zero_std", 0);
  return r;
}

/// f(object) for each line; one that is cut off, where a program was killed, is the last.
template <class F>
void each_line(fs::path const& path, F f) {
  std::ifstream from(path);
  for (std::string line; std::getline(from, line);) {
    auto const read = json::parse(line, nullptr, false);
    if (!read.is_object()) break;
    f(read);
  }
}

/// What 1000 steps of random actions see, as a policy's first ones do.
std::vector<cohort::number_spread> seen_by_chance(cohort::any_environment const& environment) {
  return environment.visit([](auto const& e) {
    cohort::environment_run run(e, 0);
    cohort::random_stream draws(cohort::stream_id{0, cohort::draw_purpose::action, 0});
    std::vector<double> all;
    std::size_t width = 0;
    for (int step = 0; step < 1000; ++step) {
      auto const seen = run.observation();
      width = seen.size();
      all.insert(all.end(), seen.begin(), seen.end());
      run.step(cohort::sample(e.actions, draws));
      if (run.done()) run.reset();
    }
    return cohort::detail::spreads_of(all, width, width, {});
  });
}

/// What the config says of the run: the limit of the gradient's norm, the spaces, and what the first policy draws,
/// which has mean 0 and deviation 1 in a box.
cohort::run_history known_of(config& c) {
  cohort::run_history known;
  for (auto const& s : algorithm_of(c).settings)
    if (auto const* limit = std::get_if<double>(&s.value); limit && s.name == "update.max_gradient_norm")
      known.max_gradient_norm = *limit;
  known.normalizes = c.normalize_observations;
  auto const environment = environment_of(c).environment;
  known.spaces = environment.spaces();
  if (!known.normalizes) known.observations = seen_by_chance(environment);
  for (std::size_t d = 0; d < known.spaces.actions.low.size(); ++d) {
    auto below = [](double x) { return std::erfc(-x / std::sqrt(2.)) / 2; };
    double const low = known.spaces.actions.low[d], high = known.spaces.actions.high[d];
    known.actions.push_back({.mean = 0, .deviation = 1, .outside = below(low) + 1 - below(high)});
  }
  return known;
}

}  // namespace

void diagnose(fs::path const& folder) {
  auto const kept = folder / "config.toml", log = folder / "metrics.jsonl";
  if (!fs::exists(kept) || !fs::exists(log))
    throw program::usage_error(folder.string() + " holds no run (it has no " +
                               (fs::exists(kept) ? log : kept).filename().string() + ")");
  config c;
  set_fields(c, fields_of_file(kept.string()));
  cohort::diagnosis look(known_of(c));
  each_line(log, [&](json const& line) { look.on_update(report_of(line)); });
  struct {
    std::int64_t updates;
    double mean, deviation;
  } judged{};
  each_line(folder / "evaluations.jsonl", [&](json const& line) {
    judged = {line.value("updates", std::int64_t(0)), line.value("mean", 0.), line.value("deviation", 0.)};
  });
  if (judged.updates > 0) look.evaluated(judged);

  auto const& reports = look.history().reports;
  std::string all = folder.string() + ": " + std::to_string(reports.size()) + " updates";
  if (!reports.empty())
    all += ", " + std::to_string(reports.back().steps) + " steps, mean return " +
           cohort::detail::text(reports.back().mean_return);
  auto const findings = look.findings();
  all += findings.empty() ? "; nothing is found wrong\n" : "\n";
  for (auto const& f : findings) all += f.name + ": " + f.text + "\n";
  program::print(all);
}

}  // namespace cli
