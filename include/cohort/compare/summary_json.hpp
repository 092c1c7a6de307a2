#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include <cohort/compare/summary.hpp>

namespace COHORT_NAMESPACE::comparing {

/// summary.json: the table and the learning curves for programs. An empty value is null.
inline std::string summary_json(comparison const& all) {
  using json = nlohmann::ordered_json;
  auto const or_null = [](auto const& value) { return value ? json(*value) : json(nullptr); };
  json algorithms = json::object();
  for (auto const& one : all.algorithms) {
    json curve = json::array();
    for (auto const& point : one.by_steps)
      curve.push_back({{"steps", point.steps},
                       {"seconds", point.seconds},
                       {"median", point.median},
                       {"low", point.low},
                       {"high", point.high}});
    json finals = json::array();
    for (auto const& run : one.finals) finals.push_back({{"seed", run.seed}, {"return", run.value}});
    json over = json::object();
    for (auto const& pair : all.pairs)
      if (&one == &all.algorithms[pair.better])
        over[all.algorithms[pair.worse].name] = {
            {"probability", pair.found.probability},
            {"interval", json::array({pair.found.between.low, pair.found.between.high})}};
    algorithms[one.name] = {{"hyperparameters", one.hyperparameters},
                            {"iqm", one.iqm},
                            {"interval", json::array({one.iqm_interval.low, one.iqm_interval.high})},
                            {"seeds", one.seeds},
                            {"solved", one.solved},
                            {"steps_to_threshold", or_null(one.steps_to_threshold)},
                            {"seconds_to_threshold", or_null(one.seconds_to_threshold)},
                            {"seconds", one.seconds},
                            {"steps_per_second", one.steps_per_second},
                            {"parameter_bytes", one.parameter_bytes},
                            {"optimizer_bytes", one.optimizer_bytes},
                            {"final_returns", finals},
                            {"improvement_over", over},
                            {"curve", curve}};
  }
  json document = {{"environment", all.asked.environment},
                   {"backend", all.made.backend},
                   {"version", all.made.version},
                   {"commit", all.made.commit},
                   {"compiler", all.made.compiler},
                   {"processor", all.made.processor},
                   {"date", all.made.date},
                   {"threads", all.asked.threads},
                   {"warnings", all.warnings},
                   {"algorithms", algorithms}};
  if (!all.stopped_by.empty()) document["stopped"] = how_it_stopped(all);
  return document.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace COHORT_NAMESPACE::comparing
