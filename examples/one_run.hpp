#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

/// The mean return of the last 100 episodes after an update, from the first end of an episode on, at most once in 1,000
/// steps.
struct curve {
  std::string points = {};
  long long last = -1000;
  void on_update(cohort::train_report const& r) {
    if (r.episodes == 0 || r.steps - last < 1000) return;
    last = r.steps;
    char point[64];
    std::snprintf(point, sizeof point, "%s[%lld, %.2f]", points.empty() ? "" : ", ", last, r.mean_return);
    points += point;
  }
};

/// Trains one seed on one core, and prints one line of JSON: the curve, and the mean return of 500 deterministic
/// episodes at the end.
template <class E, class Algorithm>
int one_run(E const& environment, Algorithm const& algorithm, char const* name, std::uint64_t s,
            std::int64_t steps = 100'000) {
  cohort::eigen::backend cpu({.threads = 1});
  cohort::actor_critic policy{cpu, environment, {}, cohort::random_seed{s}};
  curve seen;
  auto report = cohort::train(cpu, algorithm, environment, policy, {.steps = steps, .seed = s}, seen);
  double mean = 0;
  for (double r : cohort::evaluate(cpu, environment, policy, 500, s)) mean += r / 500;
  std::printf("{\"environment\": \"%s\", \"seed\": %llu, \"seconds\": %.2f, \"evaluation\": %.2f, \"curve\": [%s]}\n",
              name, (unsigned long long)s, report.seconds, mean, seen.points.c_str());
  return 0;
}
