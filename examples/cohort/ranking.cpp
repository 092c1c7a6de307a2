#include "ranking.hpp"

#include <cohort/compare/text.hpp>
#include <cohort/file/new_file.hpp>
#include <cohort/scalar/welford.hpp>
#include <cohort/statistics/aggregate.hpp>
#include <cohort/statistics/power.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "../program/numbers.hpp"

namespace cli {

namespace {

std::string short_text(double x) { return std::isfinite(x) ? cohort::comparing::fixed(x, 1) : "-"; }
/// A number with the digits that one reads.
std::string brief(std::string const& given) {
  auto const x = program::number<double>(given);
  return x && given.size() > 8 ? cohort::detail::text(*x) : given;
}
/// "update.rate = 0.001, rollout.count = 8"
std::string in_words(std::string const& fields) {
  std::string all;
  auto const read = nlohmann::ordered_json::parse(fields);
  for (auto const& [name, given] : read.items())
    all += (all.empty() ? "" : ", ") + name + " = " + brief(given.get<std::string>());
  return all;
}

}  // namespace

double ranked_trial::mean() const { return means.empty() ? std::nan("") : cohort::statistics::mean(means); }
double ranked_trial::interval() const {
  double const n = double(means.size());
  if (n < 2) return std::nan("");
  cohort::detail::welford all;
  for (double x : means) all.add(x);
  return cohort::statistics::detail::critical_t(.05, n - 1) * all.deviation() / std::sqrt(n);
}

std::vector<ranked_trial> ranked(database& db) {
  std::vector<ranked_trial> all;
  std::map<std::int64_t, std::size_t> at;
  db.each("select id, fields from trials order by id", [&](sqlite3_stmt* s) {
    at[sqlite3_column_int64(s, 0)] = all.size();
    all.push_back({.id = sqlite3_column_int64(s, 0), .fields = database::text(s, 1), .means = {}, .error = {}});
  });
  db.each("select trial, state, mean, steps, seconds, error from runs order by trial, seed", [&](sqlite3_stmt* s) {
    auto& trial = all[at.at(sqlite3_column_int64(s, 0))];
    if (database::text(s, 1) != "done") {
      ++trial.failed, trial.error = database::text(s, 5);
      return;
    }
    std::int64_t const steps = sqlite3_column_int64(s, 3);
    trial.steps = trial.means.empty() ? steps : std::min(trial.steps, std::int64_t(steps));
    trial.means.push_back(sqlite3_column_double(s, 2));
    trial.seconds += sqlite3_column_double(s, 4);
  });
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) {
    if (a.means.empty() || b.means.empty())
      return a.means.size() != b.means.size() ? a.means.size() > b.means.size() : a.id < b.id;
    if (a.steps != b.steps) return a.steps > b.steps;
    return a.mean() != b.mean() ? a.mean() > b.mean() : a.id < b.id;
  });
  return all;
}

std::string ranking_table(std::vector<ranked_trial> const& trials) {
  std::string all = "rank  trial      mean     +-95%  runs     steps  seconds  fields\n";
  for (std::size_t i = 0; i < trials.size(); ++i) {
    auto const& t = trials[i];
    char row[128];
    std::snprintf(row, sizeof row, "%4zu  %5lld  %8s  %8s  %4zu  %8lld  %7s  ", i + 1, (long long)t.id,
                  short_text(t.mean()).c_str(), short_text(t.interval()).c_str(), t.means.size(), (long long)t.steps,
                  short_text(t.seconds).c_str());
    all += row + in_words(t.fields) +
           (t.failed ? "  (" + std::to_string(t.failed) + " not done: " + t.error + ")" : "") + "\n";
  }
  return all;
}

void write_ranking(std::filesystem::path const& folder, std::vector<ranked_trial> const& trials, config const& base) {
  auto write = [&](char const* name, std::string const& text) {
    cohort::file::write_text(folder / name, text, cohort::existing::replace);
  };
  write("ranking.txt", ranking_table(trials));
  double low = 0, high = 0;
  bool any = false;
  for (auto const& t : trials)
    for (double x : t.means) {
      low = any ? std::min(low, x) : x, high = any ? std::max(high, x) : x;
      any = true;
    }
  double const span = high > low ? high - low : 1;
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Sweep on " +
      cohort::comparing::escape_html(base.environment) +
      "</title>\n<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;"
      "color:#222;background:#fff}table{border-collapse:collapse;width:100%}th,td{padding:.25rem "
      ".7rem;text-align:right;"
      "border-bottom:1px solid #ddd;white-space:nowrap}th:last-child,td:last-child{text-align:left;white-space:normal}"
      "svg{vertical-align:middle}</style>\n<h1>Sweep on " +
      cohort::comparing::escape_html(base.environment) + "</h1>\n<p>" + std::to_string(trials.size()) +
      " trials, the best first: the mean over seeds of the last evaluation's mean return, with the 95% interval of "
      "that mean. The marks are the seeds, from " +
      short_text(low) + " to " + short_text(high) +
      ".</p>\n<table>\n<tr><th>rank<th>"
      "trial<th>mean<th>&plusmn; 95%<th>seeds<th>steps<th>seconds<th>fields</tr>\n";
  for (std::size_t i = 0; i < trials.size(); ++i) {
    auto const& t = trials[i];
    std::string marks =
        "<svg width=\"120\" height=\"14\" role=\"img\" aria-label=\"the returns of the seeds\"><line x1=\"4\" "
        "x2=\"116\" y1=\"7\" y2=\"7\" stroke=\"#ccc\"/>";
    for (double x : t.means)
      marks += "<circle cx=\"" + short_text(4 + 112 * (x - low) / span) +
               "\" cy=\"7\" r=\"3.5\" fill=\"#1f6fb4\" "
               "fill-opacity=\".6\"/>";
    page += "<tr><td>" + std::to_string(i + 1) + "<td>" + std::to_string(t.id) + "<td>" + short_text(t.mean()) +
            "<td>" + short_text(t.interval()) + "<td>" + marks + "</svg><td>" + std::to_string(t.steps) + "<td>" +
            short_text(t.seconds) + "<td>" + cohort::comparing::escape_html(in_words(t.fields)) +
            (t.failed ? "<br>not done: " + cohort::comparing::escape_html(t.error) : "") + "</tr>\n";
  }
  write("ranking.html", page + "</table></html>\n");
}

}  // namespace cli
