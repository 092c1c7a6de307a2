#pragma once
#include <cmath>
#include <cohort/describe/names.hpp>
#include <cohort/file/json.hpp>
#include <cohort/preset/recorded_batch.hpp>
#include <fstream>

// A batch from a file, one completion a line:
//
//     {"group": "A", "reward": 1, "logp": [-1, -2], "old_logp": [-1.1, -1.9], "ref_logp": [-1, -2], "mask": [1, 1]}
//
// group, logp, old_logp and reward (or rewards, one for each step) are needed; ref_logp, sampler_logp (else old_logp),
// values, mask, truncated and value_after are not. What one completion has all must have.

namespace conventions {

/// A batch, and what its series are called: group and number, A1, A2, ...
struct named_batch {
  cohort::preset::recorded_batch recorded;
  std::vector<std::string> series;
  std::string from;
};

inline std::vector<double> numbers_of(cohort::file::json_fields const& fields, cohort::file::json const& list,
                                      char const* name, std::size_t expected) {
  if (!list.is_array()) fields.wrong(name, "a list of numbers");
  if (list.empty()) fields.refuse(std::string("has no number in ") + name);
  if (expected > 0 && list.size() != expected)
    fields.refuse("has " + std::to_string(list.size()) + " numbers in " + name + ", expected " +
                  std::to_string(expected) + ", as many as in logp");
  std::vector<double> result;
  for (auto const& x : list) {
    bool flag = x.is_boolean() && std::string_view(name) == "mask";
    if (!flag && !x.is_number())
      fields.refuse("has " + cohort::detail::shown(x) + " as number " + std::to_string(result.size() + 1) + " of " +
                    name + ", expected a number");
    result.push_back(flag ? double(x.get<bool>()) : x.get<double>());
  }
  return result;
}

/// One line. `has` are the lists of the first one, empty before it.
inline std::pair<std::string, cohort::preset::recorded_series> read_completion(std::string const& line,
                                                                               std::string const& where,
                                                                               std::vector<std::string>& has) {
  static std::vector<std::string> const known{"group",    "reward",    "rewards",      "logp",
                                              "old_logp", "ref_logp",  "sampler_logp", "values",
                                              "mask",     "truncated", "value_after"};
  auto object = cohort::file::parse_object(line, where);
  cohort::file::json_fields fields(object, where);
  std::vector<std::string> own;
  for (auto const& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      fields.refuse("has a field '" + key + "', which is none; the nearest is " +
                    cohort::detail::nearest_names(key, known)[0]);
    if (!value.is_null() && key != "truncated" && key != "value_after" && key != "group") own.push_back(key);
  }
  cohort::preset::recorded_series s;
  s.logp = numbers_of(fields, fields.at("logp"), "logp", 0);
  std::size_t T = s.logp.size();
  s.old_logp = numbers_of(fields, fields.at("old_logp"), "old_logp", T);
  auto maybe = [&](char const* name) {
    return fields.find(name) ? numbers_of(fields, fields.at(name), name, T) : std::vector<double>{};
  };
  s.ref_logp = maybe("ref_logp"), s.value = maybe("values"), s.reward = maybe("rewards"),
  s.sampler_logp = maybe("sampler_logp");
  if (s.sampler_logp.empty()) s.sampler_logp = s.old_logp;
  if (s.reward.empty()) s.reward.assign(T, 0), s.reward.back() = fields.number("reward");
  else if (fields.find("reward")) fields.refuse("has reward and rewards, expected one of them");
  for (double m : maybe("mask")) {
    if (m != 0 && m != 1) fields.refuse("has " + cohort::detail::text(m) + " in mask, expected 0 or 1");
    s.valid.push_back(m == 1);
  }
  s.truncated = fields.flag("truncated", false);
  if (fields.find("value_after")) s.value_after = fields.number("value_after");
  if (!has.empty() && own != has) {
    for (auto const& name : has)
      if (std::find(own.begin(), own.end(), name) == own.end())
        fields.refuse("has no " + name + ", which the completions before it have");
    for (auto const& name : own)
      if (std::find(has.begin(), has.end(), name) == has.end())
        fields.refuse("has " + name + ", which the completions before it have not");
  }
  has = own;
  auto const& group = fields.at("group");
  if (!group.is_string() && !group.is_number_integer()) fields.wrong("group", "a name or a whole number");
  return {group.is_string() ? group.get<std::string>() : group.dump() + ".", s};
}

inline named_batch read_batch(std::string const& path) {
  std::ifstream file(path);
  if (!file) throw cohort::io_error(path + " cannot be read");
  std::vector<std::pair<std::string, std::vector<cohort::preset::recorded_series>>> groups;
  std::vector<std::string> has;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto [name, series] = read_completion(line, path + ", line " + std::to_string(number), has);
    auto known = std::find_if(groups.begin(), groups.end(), [&, n = name](auto const& g) { return g.first == n; });
    if (known == groups.end()) known = groups.insert(groups.end(), {name, {}});
    known->second.push_back(series);
  }
  if (groups.empty()) throw cohort::io_error(path + " has no completion, expected one in each line");
  named_batch batch{{}, {}, path};
  for (auto const& [name, members] : groups) {
    batch.recorded.add_group(members);
    for (std::size_t i = 0; i < members.size(); ++i) batch.series.push_back(name + std::to_string(i + 1));
  }
  return batch;
}

}  // namespace conventions
