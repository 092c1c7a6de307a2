#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "summary.hpp"

namespace compare {

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
    algorithms[one.name] = {{"iqm", one.iqm},
                            {"interval", json::array({one.iqm_interval.low, one.iqm_interval.high})},
                            {"seeds", one.seeds},
                            {"solved", one.solved},
                            {"steps_to_threshold", or_null(one.steps_to_threshold)},
                            {"seconds_to_threshold", or_null(one.seconds_to_threshold)},
                            {"seconds", one.seconds},
                            {"steps_per_second", one.steps_per_second},
                            {"parameter_bytes", one.parameter_bytes},
                            {"optimizer_bytes", one.optimizer_bytes},
                            {"curve", curve}};
  }
  json const document = {{"environment", all.asked.environment},
                         {"backend", all.backend},
                         {"version", all.version},
                         {"algorithms", algorithms}};
  return document.dump(2) + '\n';
}

}  // namespace compare
